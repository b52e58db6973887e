import { setTimeout as pause } from 'node:timers/promises';
import { continuous, dashboard, rolledBack } from '../../scripts/docs/on-terminals.ts';
import type { Session, Stage } from '../../scripts/docs/stage.ts';
import { baseImage, forget, noEngine } from '../../test/helpers/images.ts';

/** The first hour with the blueprint auth-manager, whose function is a container image. */
export const session: Session = {
  place: 'the sandbox',
  missing: () => noEngine,
  makes: [
    'init',
    'sandbox-start',
    'doctor',
    'dry-run',
    'first-deploy',
    'change',
    'fast-code',
    'broken',
    'history',
    'diff',
    'rollback',
    'list',
    'dashboard',
    'continuous',
    'alarms',
    'health',
    'logs',
    'log-stats',
    'sandbox-status',
    'prune',
    'destroy',
  ],
  async play(stage) {
    stage.env.BASE_IMAGE = baseImage();
    await stage.sandbox();
    await stage.shows('init', 'infractl init auth-manager my-auth');
    stage.cd('my-auth');
    await stage.run(
      'git init -q && git add -A && git -c user.name=Ada -c user.email=ada@example.com commit -qm first',
    );
    await stage.shows('sandbox-start', {
      line: 'infractl sandbox start',
      only: [/^The sandbox/, /^Use it/, /--sandbox$/],
    });
    await stage.shows('doctor', 'infractl doctor --sandbox');
    await stage.shows('dry-run', 'infractl deploy --sandbox --create-stack --dry-run');
    await stage.shows('first-deploy', {
      line: 'infractl deploy --create-stack --sandbox',
      only: [/^my-auth/, /^✓/, /^app\.ApiUrl/, /^Deployed/, /^Recorded/],
    });
    const url = (await stage.run('infractl outputs app.ApiUrl --sandbox')).trim();
    stage.afterwards(() => forget(`${new URL(url).host}/my-auth-dev`));
    await commit(stage, () =>
      stage.change('app/src/app.js', "status: 'ok',", "status: 'ok', hello: 'world',"),
    );
    await stage.shows('change', {
      line: 'infractl deploy --sandbox',
      only: [/^my-auth/, /^✓/, /^Deployed/, /^Recorded/],
    });
    await fastCode(stage);
    await watch(stage, url);
    await broken(stage);
    await stage.shows('history', 'infractl history --sandbox');
    await differ(stage);
    await wrong(stage);
    await stage.shows('list', 'infractl list --sandbox');
    await overview(stage);
    // The log is in a folder of this machine.
    await stage.shows('sandbox-status', { line: 'infractl sandbox status', only: [/^(?!log )/] });
    // S3 tells times in whole seconds.
    await pause(1100);
    await stage.shows('prune', 'infractl prune --keep 1 --keep-within 0s --older-than 0s --sandbox');
    await stage.shows('destroy', {
      line: 'infractl destroy --confirm my-auth-dev --empty --sandbox',
      only: [/^(?! {2}stack \w+: DELETE_)/],
    });
  },
};

/** A change to the application, in git as whoever works with others has it. */
async function commit(stage: Stage, change: () => void): Promise<void> {
  change();
  await stage.run('git -c user.name=Ada -c user.email=ada@example.com commit -qam change');
}

/** A change of the stack, where the code is newer than what the stack knows. */
async function fastCode(stage: Stage): Promise<void> {
  await commit(stage, () => stage.change('infra/template.yaml', 'Threshold: 10', 'Threshold: 20'));
  await stage.shows(
    'fast-code',
    {
      line: 'infractl deploy --create-stack --sandbox',
      only: [/^my-auth/, /^[✓·]/, /^Deployed/, /^Recorded/],
    },
    { line: 'infractl drift --sandbox', only: [/drift$/] },
  );
}

/** A deploy that is unhealthy, and a project file that is broken on top of it. */
async function wrong(stage: Stage): Promise<void> {
  stage.change('infractl.yaml', 'LambdaMemorySize: 1024', 'LambdaMemorySize: 256');
  await commit(stage, () => stage.put('app/src/start.js', 'throw new Error("broken");\n'));
  await stage.run('infractl deploy --create-stack --sandbox', 8);
  stage.put('infractl.yaml', `${stage.read('infractl.yaml')}\nbroken: [\n`);
  stage.keep('rollback', await rolledBack(stage));
  stage.change('infractl.yaml', '\nbroken: [\n', '');
}

async function broken(stage: Stage): Promise<void> {
  // Two minutes of trying would show nothing more than twenty seconds.
  stage.change('infractl.yaml', 'expect: 200 }', 'expect: 200, timeout: 20s }');
  await commit(stage, () => stage.change('app/src/app.js', 'status: 200, body', 'status: 500, body'));
  await stage.shows('broken', {
    line: 'infractl deploy --sandbox',
    exit: 8,
    only: [/^my-auth/, /^✓/, /trying again/, /^✗/, /^ {2}(Expected|The body|It was|→)/],
  });
  await commit(stage, () => stage.change('app/src/app.js', 'status: 500, body', 'status: 200, body'));
}

/** Changes to the stack of every weight. */
async function differ(stage: Stage): Promise<void> {
  const before = stage.read('infra/template.yaml');
  stage.change('infra/template.yaml', '"/aws/apigateway/', '"/aws/api/');
  stage.change(
    'infra/template.yaml',
    '[xray:PutTraceSegments, xray:PutTelemetryRecords]',
    '["xray:*", xray:PutTelemetryRecords]',
  );
  stage.put(
    'infra/template.yaml',
    stage
      .read('infra/template.yaml')
      .replace(/ {2}ThrottlesAlarm:[\s\S]*?\n\n/, '')
      .replace(/ {2}ThrottlesAlarmName:\n.*\n/, ''),
  );
  stage.change('infractl.yaml', 'LambdaMemorySize: 1024', 'LambdaMemorySize: 2048');
  await stage.shows('diff', {
    line: 'infractl diff --sandbox',
    only: [
      /^(my-auth|stack app|function|Resources|A month)/,
      /ApiLogGroup/,
      /Stage /,
      /Destination|LogGroupName/,
      /Role /,
      /Policies|!/,
      /Alarm /,
      /parameters/,
      /Lambda/,
    ],
  });
  stage.put('infra/template.yaml', before);
  stage.change('infractl.yaml', 'LambdaMemorySize: 2048', 'LambdaMemorySize: 1024');
}

/** All on one screen, then until an alarm goes off. */
async function overview(stage: Stage): Promise<void> {
  stage.env.INFRACTL_SANDBOX = '1';
  stage.keep('dashboard', await dashboard(stage));
  const setOff = () => stage.run('infractl monitoring alarms test my-auth-dev-errors --yes');
  stage.keep('continuous', await continuous(stage, setOff));
  delete stage.env.INFRACTL_SANDBOX;
}

async function watch(stage: Stage, url: string): Promise<void> {
  for (const _ of [1, 2, 3]) await fetch(`${url}/health`);
  await stage.run('infractl monitoring alarms test my-auth-dev-errors --yes --sandbox');
  await stage.shows('alarms', 'infractl monitoring alarms --sandbox');
  await stage.run('infractl monitoring alarms test my-auth-dev-errors --state OK --yes --sandbox');
  await stage.shows('health', 'infractl monitoring health --sandbox');
  await stage.shows('logs', 'infractl logs api --sandbox | tail -2');
  await stage.shows('log-stats', 'infractl logs stats --sandbox --since 1h');
}
