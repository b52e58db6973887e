import { ORDERS } from '../../../docs/sessions/packaging.ts';
import { samconfig, samTemplate } from '../../../docs/sessions/starting.ts';
import { continuous, dashboard, live, menu, rolledBack } from '../on-terminals.ts';
import { BY_HAND, type Practice } from '../practice.ts';
import type { HostScene } from './host-scene.ts';
import type { Step } from './page.ts';
import {
  A_DATABASE,
  commit,
  GOOD_RELEASE,
  logGroup,
  logged,
  madeUp,
  newestRun,
  REVERT,
  SET_OFF,
  sed,
  version,
  WENT_WRONG,
  writes,
} from './shell.ts';

const BEGINNING: readonly Step[] = [
  { block: 'init' },
  {
    words: 'what sam deploys here',
    does: `mkdir -p sam/shop && cd sam/shop && git init -q && ${writes({ 'template.yaml': samTemplate, 'samconfig.toml': samconfig(madeUp) })}`,
  },
  { block: 'init-samconfig' },
  { words: 'cd my-auth', does: 'cd /root/my-auth' },
  {
    words: 'The commit is that of the folder, where it is in git',
    does: `git init -q && git add -A && ${commit('first')}`,
  },
  { block: 'sandbox-start' },
  { block: 'doctor' },
  { words: 'INFRACTL_SANDBOX=1', does: 'export INFRACTL_SANDBOX=1' },
  { block: 'menu', play: menu },
  { block: 'dry-run' },
  { block: 'first-deploy' },
];

export function tourOf(host: HostScene, practice: Practice): readonly Step[] {
  return [
    ...BEGINNING,
    { words: 'It is five files in a folder `shop`', does: 'mkdir /root/shop && cd /root/shop' },
    ...['infractl.yaml', 'data.yaml', 'app.yaml', 'database.yaml', 'migrate/index.js'].map((file) => ({
      file,
    })),
    { block: 'tree', play: () => practice.tree() },
    {
      words: 'Change something in `app/src`',
      does: `cd /root/my-auth && ${sed('app/src/app.js', 'status: .ok.,', 'status: \\x27ok\\x27, hello: \\x27world\\x27,')} && ${commit('hello')}`,
    },
    { block: 'change' },
    {
      words: 'the `Threshold` of an alarm in `infra/template.yaml` has changed as well',
      does: `${sed('infra/template.yaml', 'Threshold: 10', 'Threshold: 20')} && ${commit('alarm')}`,
    },
    { block: 'fast-code' },
    {
      words: 'Here a function of SAM has `CodeUri: ../src`',
      does: `mkdir /root/orders && cd /root/orders && ${writes(ORDERS)}`,
    },
    { block: 'no-code', exits: [2] },
    {
      words: 'With an `index.js` in `src` it is deployed, and a changed file',
      does: `${writes({ 'src/index.js': 'exports.handler = async () => 1;\n' })} && infractl deploy --create-stack && echo '// changed' >> src/index.js`,
    },
    { block: 'packed' },
    {
      words:
        'after a first `infractl deploy --create-stack`, a page of the blueprint (`infractl init site my-site`) has changed, another is gone, and a style sheet has got a new name',
      does: `cd /root && infractl init site my-site && cd my-site && echo 'p { margin: 0 }' > public/page-3f2a1b9c.css && infractl deploy --create-stack && ${sed('public/index.html', 'It works', 'Hello')} && rm public/404.html && mv public/page-3f2a1b9c.css public/page-9b1c3a2f.css && echo 'p { margin: 1em }' > public/page-9b1c3a2f.css`,
    },
    { block: 'site' },
    {
      words: 'This change in `app/src` made `/health` answer 500',
      does: `cd /root/my-auth && ${sed('infractl.yaml', 'expect: 200 }', 'expect: 200, timeout: 20s }')} && ${commit('patience')} && ${sed('app/src/app.js', 'status: 200, body', 'status: 500, body')} && ${commit('broken')}`,
    },
    { block: 'broken', exits: [8] },
    {
      words: 'Here the template gives a log group another name, a role more rights, and has an alarm less',
      does: `${REVERT} && ${sed('infra/template.yaml', '"/aws/apigateway/', '"/aws/api/')} && ${sed('infra/template.yaml', 'xray:PutTraceSegments', '"xray:*"')} && ${sed('infractl.yaml', 'LambdaMemorySize: 1024', 'LambdaMemorySize: 2048')} && node -e 'const fs = require("fs"); const f = "infra/template.yaml"; fs.writeFileSync(f, fs.readFileSync(f, "utf8").replace(/ {2}ThrottlesAlarm:[\\s\\S]*?\\n\\n/, "").replace(/ {2}ThrottlesAlarmName:\\n.*\\n/, ""))'`,
    },
    { block: 'diff' },
    {
      words: 'In `shop` the `VisibilityTimeout` of a queue has become 39',
      does: `git checkout -q . && cd /root/shop && ${sed('data.yaml', 'VisibilityTimeout: 30', 'VisibilityTimeout: 39')}`,
    },
    { block: 'against', own: newestRun },
    {
      words: 'from its templates alone, without credentials and without a call',
      does: `${sed('data.yaml', 'VisibilityTimeout: 39', 'VisibilityTimeout: 30')} && cd /root/my-auth`,
    },
    { block: 'costs' },
    {
      words: 'Here the key of the table of `shop` has another name',
      does: "cd /root/shop && sed -i 's/AttributeName: id/AttributeName: number/' data.yaml",
    },
    { block: 'data-guard', exits: [5] },
    {
      words: 'Here `app` was deployed with `--env prod`, then lost its topic `Alerts`',
      does: "sed -i 's/AttributeName: number/AttributeName: id/' data.yaml && infractl deploy --create-stack app --env prod && sed -i '/Alerts:/d' app.yaml",
    },
    { block: 'protected', exits: [2, 5] },
    {
      words: '`infractl outputs` lists the outputs of all stacks',
      does: "sed -i 's/^  Role:/  Alerts: { Type: AWS::SNS::Topic }\\n  Role:/' app.yaml && cd /root/my-auth && infractl outputs",
    },
    { block: 'history' },
    {
      words:
        'A deploy with less memory and code that does not start was unhealthy, and `infractl.yaml` was broken on top of it',
      does: `${sed('infractl.yaml', 'LambdaMemorySize: 1024', 'LambdaMemorySize: 256')} && echo 'throw new Error("broken");' > app/src/start.js && ${commit('worse')} && { infractl deploy --create-stack --sandbox; test $? -eq 8; } && printf '\\nbroken: [\\n' >> infractl.yaml`,
    },
    { block: 'rollback', play: rolledBack },
    {
      words: '`infractl.yaml` was broken on top of it',
      does: `git checkout -q . && ${REVERT}`,
    },
    { block: 'list' },
    ...watched(practice),
    ...hosts(host),
    ...ending(host),
  ];
}

function watched(practice: Practice): Step[] {
  return [
    { words: 'A deploy of `app` in `shop` with another `Version`', does: `cd /root/shop && ${version(2)}` },
    { block: 'attach', play: () => practice.attach() },
    { words: 'Another one, cancelled meanwhile', does: version(3) },
    { block: 'cancel', play: () => practice.cancel() },
    {
      words: 'And one that failed, with `Version: 13`',
      does: `${version(13)} && infractl deploy --create-stack app`,
      exit: 1,
    },
    { block: 'events-failed' },
    { block: 'explain' },
    {
      words: 'While `app` of `shop` is deployed with another `Version`, and `data` has a change',
      does: `${version(4)} && ${sed('data.yaml', 'VisibilityTimeout: 30', 'VisibilityTimeout: 40')}`,
    },
    { block: 'locked', exits: [6], play: () => practice.locked() },
    { block: 'lock-wait', play: () => practice.lockWait() },
    { words: 'Here its process was killed a moment ago', does: version(5) },
    { block: 'unlock', play: () => practice.unlock() },
    { words: 'Another number for `Version`', does: version(6) },
    { block: 'ctrl-c', play: () => practice.ctrlC() },
    { words: 'Another number for `Version`', does: version(7) },
    { block: 'detach' },
    {
      words: 'Here `app` of `shop` was deployed with `Version: 14`, and is now to have 15',
      does: `infractl attach app && ${version(14)} && { infractl deploy --create-stack app; test $? -eq 1; } && ${version(15)}`,
    },
    { block: 'stuck', exits: [5, 0] },
    {
      words: 'On a terminal, after the same again',
      does: `${version(14)} && { infractl deploy --create-stack app; test $? -eq 1; } && ${version(16)}`,
    },
    { block: 'stuck-terminal', play: () => practice.stuck() },
    {
      words: 'Here the topic of `shop` has another `DisplayName`',
      does: `${sed('app.yaml', 'DisplayName: news', 'DisplayName: letters')} && ${sed('infractl.yaml', 'template: app.yaml', 'template: app.yaml, express: true')}`,
    },
    { block: 'express' },
    {
      words: 'Here somebody has changed the queue of `shop` and deleted its table by hand',
      does: `${sed('infractl.yaml', ', express: true', '')} && ${BY_HAND}`,
    },
    { block: 'drift' },
  ];
}

function hosts(host: HostScene): Step[] {
  return [
    { words: 'The blueprint `mbot` is one Ubuntu host', does: 'cd /root' },
    { block: 'mbot' },
    {
      words: 'A change whose script is broken never gets a request',
      does: `${sed('app/mbot/bot.py', 'return known or "', 'return known.nothing or "')} && ${sed('infractl.yaml', 'timeout: 30s', 'timeout: 10s')}`,
    },
    {
      block: 'mbot-broken',
      exits: [8, 0],
      own: async (line, who) => {
        if (line.endsWith('rollback')) await who.run(GOOD_RELEASE);
        return line;
      },
    },
    { words: 'or anything that ssh reaches', by: (who) => host.reached(who) },
    { block: 'host-run' },
    { words: 'one that has changed is refused', by: (who) => host.strange(who) },
    { block: 'host-key', exits: [5] },
    {
      words: "Images in the project's repositories, archives, templates and old runs",
      does: 'cd /root/my-auth',
    },
    { block: 'prune', counts: true },
    {
      words: '`secrets list` says which secrets the project uses',
      does: `cd /root && infractl init auth-manager kept --variant zip --name my-auth && cd kept && git init -q && git add -A && ${commit('first')}`,
    },
    { block: 'secrets' },
    {
      words: 'No command prints a value',
      does: `${sed('infractl.yaml', '{ env: JWT_SECRET }', '{ secret: my-auth/dev, key: JWT_SECRET }')} && git add -f .env.secrets && ${commit('oh')} && chmod go+r .env.secrets`,
    },
    { block: 'secrets-check', exits: [1] },
    ...backups,
    {
      words: 'Without a name it shows everything that the stacks and functions of the environment write',
      does: 'cd /root/my-auth && for n in 1 2 3; do curl -sf "$(infractl outputs app.ApiUrl)/health"; done; sleep 3',
    },
    { block: 'logs' },
    { words: 'With `--live` infractl says when it samples', does: ['a', 'b'].map(logGroup).join(' && ') },
    {
      block: 'live',
      play: (who) => live(who, async (group, line) => void (await who.run(logged(group, line)))),
    },
    { block: 'log-stats', counts: true },
    {
      words: 'sets its state, after naming the actions that this sets off',
      does: SET_OFF,
    },
    { block: 'alarms' },
    {
      words: 'reads CPU, memory, disk and load of the hosts from the hosts themselves',
      by: (who) => host.released(who),
    },
    { block: 'host-metrics' },
    { block: 'services' },
    {
      words: 'gives one verdict',
      does: 'cd /root/my-auth && infractl monitoring alarms test my-auth-dev-errors --state OK --yes',
    },
    { block: 'health' },
    { block: 'dashboard', play: dashboard, counts: true },
    { block: 'continuous', play: (who) => continuous(who, () => who.run(SET_OFF)) },
    { words: 'shows the last errors of all logs', does: WENT_WRONG },
    { block: 'errors' },
  ];
}

function ending(host: HostScene): Step[] {
  return [
    ...stopped,
    { words: 'is released from git', by: (who) => host.better(who) },
    { block: 'redeploy' },
    { words: 'if not, the old one is back by itself', by: (who) => host.worse(who) },
    { block: 'redeploy-broken', exits: [8] },
    { words: 'makes a bare Debian or Ubuntu host ready', by: (who) => host.bare(who) },
    { block: 'setup' },
    {
      words: 'Without `--confirm` it shows what will go',
      does: 'infractl destroy --confirm mbot-dev; cd /root/my-auth',
    },
    { block: 'destroy' },
    {
      words: 'This is the one of the blueprint',
      does: sed('infractl.yaml', 'protected: true', 'protectd: true'),
    },
    { block: 'config-wrong', exits: [2] },
    {
      words: 'prints the configuration with everything filled in',
      does: sed('infractl.yaml', 'protectd: true', 'protected: true'),
    },
    { block: 'config-origin' },
    {
      words: 'A deploy of `app` in `shop`, whose topic has another `DisplayName`',
      does: `cd /root/shop && ${sed('app.yaml', 'DisplayName: letters', 'DisplayName: news')}`,
    },
    { block: 'json-events' },
    { words: '`--delete` removes it', does: 'infractl sandbox stop --delete --yes' },
  ];
}

const backups: readonly Step[] = [
  { words: 'A plan says what, and what is kept', does: 'cd /root' },
  { file: 'nights/infractl.yaml' },
  {
    words: 'of the host of [mbot](#a-host-on-one-laptop) and a database',
    does: `cd nights && ${A_DATABASE}`,
  },
  { block: 'backup-create' },
];

const stopped: readonly Step[] = [
  {
    words: 'Started means serving',
    does: `cd /root/nights && ${sed('infractl.yaml', 'ssh/mbot }', 'ssh/mbot }, health: { url: "http://ADDRESS/_stcore/health", ports: [22, 80] }')} && sed -i "s/ADDRESS/$(cd /root/mbot && infractl outputs app.ApplicationUrl | sed 's#http://##')/" infractl.yaml`,
  },
  { block: 'manage-stop' },
  { block: 'schedule-set' },
];
