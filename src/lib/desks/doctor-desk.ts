import type { AwsSession, Identity } from '../aws/session.ts';
import { type Clock, throwIfAborted } from '../base/clock.ts';
import { isInfractlError } from '../base/errors.ts';
import { cacheFolder } from '../base/folders.ts';
import { plural } from '../base/text.ts';
import {
  type Checkup,
  freeSpace,
  type Judged,
  judgeAccount,
  judgeClock,
  judgeCredentials,
  judgeDisk,
  judgeNode,
  judgePermissions,
  judgeTool,
  neededActions,
  principalOf,
  versionOf,
} from '../doctor/index.ts';
import { type ConfigFinding, validateProject } from '../project/index.ts';
import type { Project } from '../project/model.ts';
import { sandboxPython, sandboxStatus } from '../sandbox/index.ts';
import type { TemplateFacts } from '../stacks/index.ts';

export interface DoctorDeps {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** The environment that was asked for; all are checked without. */
  readonly environment: string | undefined;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** The project of this folder; rejects where there is none or it is wrong. */
  readonly project: () => Promise<Project>;
  /** Which AWS, also where there is no project. */
  readonly session: () => Promise<AwsSession>;
}

/** What one look may take, in milliseconds. All are taken side by side; a busy machine is not to be called ill. */
const PATIENCE = 10_000;
/** The oldest Node that runs infractl, as package.json says. */
const OLDEST_NODE = [22, 18] as const;

/** Looks at everything side by side; what cannot be looked at is a finding of its own and hides nothing else. */
export async function diagnose(deps: DoctorDeps): Promise<Checkup[]> {
  const { env, signal } = deps;
  const loaded = deps.project().then(
    (project) => ({ project }),
    (error: unknown) => ({ error }),
  );
  const project = async () => {
    const known = await loaded;
    return 'project' in known ? known.project : undefined;
  };
  const opened = deps.session();
  // Several looks wait for it: one that nobody waits for yet must not end the process.
  opened.catch(() => {});
  const identity = opened.then((session) => session.identity());
  identity.catch(() => {});
  /** A look that rests on another one: where that has failed, it has said why. */
  const after = async <T>(
    other: Promise<T>,
    look: (known: T) => Promise<Judged> | Judged,
  ): Promise<Judged> => {
    const known = await other.then(
      (value) => ({ value }),
      () => undefined,
    );
    return known ? look(known.value) : { verdict: 'skipped', said: 'not known: see above' };
  };
  const tool = (command: string, ...args: string[]) =>
    versionOf(command, args, { env, timeout: PATIENCE, signal });

  const looks: readonly [Checkup['group'], string, () => Promise<Judged>][] = [
    ['machine', 'node', async () => judgeNode(process.versions.node, OLDEST_NODE)],
    [
      'machine',
      'git',
      async () => {
        const needed = ((await project())?.releases.size ?? 0) > 0 ? 'releases' : undefined;
        return judgeTool('git', await tool('git', '--version'), needed, ['sudo apt-get install git']);
      },
    ],
    ['machine', 'containers', async () => engine(deps, await project())],
    ['machine', 'python', async () => python(env)],
    [
      'machine',
      'ssh',
      async () => {
        const needed = ((await project())?.hosts.size ?? 0) > 0 ? 'the hosts of this project' : undefined;
        return judgeTool('ssh', await tool('ssh', '-V'), needed, ['sudo apt-get install openssh-client']);
      },
    ],
    ['machine', 'disk', () => disk(deps)],
    ['machine', 'sandbox', () => sandbox(env)],
    ['project', 'configuration', () => configuration(deps)],
    ['aws', 'region', async () => region(await opened)],
    [
      'aws',
      'credentials',
      () => after(opened, async (session) => credentials(session, await identity, deps.clock)),
    ],
    [
      'aws',
      'account',
      () =>
        after(identity, async ({ account }) => {
          const known = await project();
          return judgeAccount(account, known?.account, known?.environment ?? '');
        }),
    ],
    ['aws', 'clock', () => after(identity, clock)],
    [
      'aws',
      'permissions',
      () => after(identity, async (who) => permissions(deps, await opened, who, await project())),
    ],
  ];
  return Promise.all(
    looks.map(async ([group, name, look]) => {
      const { mend = [], ...judged } = await guarded(look, signal);
      return { group, name, ...judged, mend };
    }),
  );
}

async function guarded(look: () => Promise<Judged>, signal: AbortSignal): Promise<Judged> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Judged>((resolve) => {
    timer = setTimeout(resolve, PATIENCE, {
      verdict: 'bad',
      said: `no answer in ${PATIENCE / 1000} s`,
      mend: ['Look at the network and any proxy of this machine; --debug shows each call.'],
    });
  });
  try {
    return await Promise.race([look(), late]);
  } catch (error) {
    throwIfAborted(signal);
    if (!isInfractlError(error)) throw error;
    const said = [error.message, error.why].filter(Boolean).join(' ').replace(/\.$/, '');
    return { verdict: 'bad', said, mend: error.suggestions };
  } finally {
    clearTimeout(timer);
  }
}

async function engine(deps: DoctorDeps, project: Project | undefined): Promise<Judged> {
  const { checkEngine, dockerCommand } = await import('../images/index.ts');
  const { env, signal } = deps;
  const answer = await checkEngine({ docker: dockerCommand(env), env, signal });
  if (answer.answers) {
    const { command, version, builder } = answer.engine;
    return { verdict: 'good', said: `${command} ${version}, builds with ${builder}` };
  }
  const images = project?.images.size ?? 0;
  const said = answer.error.message.replace(/\.$/, '');
  return images > 0
    ? { verdict: 'bad', said, mend: answer.error.suggestions }
    : { verdict: 'skipped', said: `${said}; nothing here needs one` };
}

async function python(env: NodeJS.ProcessEnv): Promise<Judged> {
  const found = await sandboxPython(env);
  return found
    ? { verdict: 'good', said: found }
    : {
        verdict: 'warning',
        said: 'no Python 3.10 or newer: the sandbox cannot run',
        mend: ['sudo apt-get install python3 python3-venv, or install uv'],
      };
}

async function disk({ cwd, env }: DoctorDeps): Promise<Judged> {
  const folders = [cwd, cacheFolder('', env)];
  const free = await Promise.all(folders.map(async (folder) => [folder, await freeSpace(folder)] as const));
  return judgeDisk(new Map(free));
}

async function sandbox(env: NodeJS.ProcessEnv): Promise<Judged> {
  const { state, endpoint, stacks } = await sandboxStatus(env);
  switch (state) {
    case 'running':
      return { verdict: 'good', said: `runs at ${endpoint}, ${plural(stacks ?? 0, 'stack')}` };
    case 'starting':
      return { verdict: 'good', said: 'is starting' };
    case 'stopped':
      return { verdict: 'skipped', said: 'not running' };
    case 'silent':
    case 'gone':
      return {
        verdict: 'warning',
        said: state === 'gone' ? 'ended without being stopped' : 'is there and does not answer',
        mend: ['infractl sandbox stop, then infractl sandbox start'],
      };
  }
}

async function configuration({ cwd, env, environment }: DoctorDeps): Promise<Judged> {
  const { checkParameters, checkTemplate, readImports } = await import('../stacks/index.ts');
  try {
    const { environments, findings } = await validateProject<TemplateFacts>(
      { cwd, env, environment, imports: readImports },
      { template: checkTemplate, parameters: checkParameters },
    );
    const errors = findings.filter(({ level }) => level === 'error');
    if (findings.length === 0)
      return { verdict: 'good', said: `valid for ${environments.join(', ') || 'its one environment'}` };
    const [first] = errors.length > 0 ? errors : findings;
    return {
      verdict: errors.length > 0 ? 'bad' : 'warning',
      said: `${first ? placeOf(first) : ''}${first?.message.replace(/\.$/, '')}${findings.length > 1 ? `, and ${findings.length - 1} more` : ''}`,
      mend: ['infractl config validate'],
    };
  } catch (error) {
    if (!isInfractlError(error) || error.code !== 'NoConfiguration') throw error;
    return { verdict: 'skipped', said: error.message.replace(/\.$/, ''), mend: error.suggestions };
  }
}

/** `infractl.yaml:6:1: `, where it has a place. */
function placeOf({ file, line, column }: ConfigFinding): string {
  return line === undefined ? '' : `${file}:${line}:${column}: `;
}

function region({ region, regionOrigin, profile, endpoint, sandbox }: AwsSession): Judged {
  const where = sandbox ? ', the sandbox' : endpoint ? `, at ${endpoint}` : '';
  return {
    verdict: 'good',
    said: `${region}, from the ${regionOrigin}${profile ? `, profile ${profile}` : ''}${where}`,
  };
}

function credentials(session: AwsSession, { arn, expires }: Identity, clock: Clock): Judged {
  if (session.sandbox) return { verdict: 'good', said: `${arn} of the sandbox` };
  return judgeCredentials(arn, expires, clock.now());
}

function clock({ ahead }: Identity): Judged {
  return ahead === undefined
    ? { verdict: 'skipped', said: 'AWS did not say what time it has' }
    : judgeClock(ahead);
}

async function permissions(
  { signal }: DoctorDeps,
  session: AwsSession,
  { arn }: Identity,
  project: Project | undefined,
): Promise<Judged> {
  if (session.sandbox) return { verdict: 'skipped', said: 'the sandbox allows everything' };
  if (!project) return { verdict: 'skipped', said: 'no project says what is needed' };
  const principal = principalOf(arn);
  if (!principal) return { verdict: 'skipped', said: `IAM does not simulate ${arn}` };
  const { permissionsPort } = await import('../aws/iam.ts');
  const port = permissionsPort(session, signal);
  try {
    const source = 'user' in principal ? principal.user : await port.roleArn(principal.role);
    return judgePermissions(await port.simulate(source, neededActions(project)));
  } catch (error) {
    if (!isInfractlError(error) || error.code !== 'AccessDenied') throw error;
    return {
      verdict: 'skipped',
      said: 'not known: these credentials may not ask IAM',
      mend: ['To be told here: allow iam:SimulatePrincipalPolicy and iam:GetRole'],
    };
  }
}
