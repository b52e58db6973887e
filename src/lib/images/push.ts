import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Exit, InfractlError, isInfractlError } from '../base/errors.ts';
import { docker, type Engine } from './engine.ts';
import { type PrivateConfig, privateConfig } from './login.ts';
import { pushLog } from './progress.ts';
import { engineTrouble } from './troubles.ts';
import type { ImageDeps, ImageSpec, Repository } from './types.ts';

/** Why a registry did not take what was pushed. */
export type Refusal =
  | 'login'
  | 'denied'
  | 'no repository'
  | 'immutable'
  | 'limit'
  | 'unreachable'
  | 'unknown';

/** Reads a registry's answer; the order matters, for ECR says "denied" of an expired token too. */
export function refusalOf(said: string): Refusal {
  if (/immutable/i.test(said)) return 'immutable';
  if (/token has expired|no basic auth credentials|unauthorized|authentication required|\b401\b/i.test(said))
    return 'login';
  if (/name unknown|NAME_UNKNOWN|repository with name .* does not exist|RepositoryNotFound/i.test(said)) {
    return 'no repository';
  }
  if (
    /max depth exceeded|LimitExceeded|limit exceeded|too many layers|layer .*(?:too large|exceeds)|\b413\b/i.test(
      said,
    )
  ) {
    return 'limit';
  }
  if (/denied|not authorized to perform|forbidden|\b403\b/i.test(said)) return 'denied';
  if (
    /connection refused|no such host|i\/o timeout|connection reset|TLS handshake timeout|x509:|HTTP response to HTTPS|: EOF|unexpected EOF|network is unreachable|deadline exceeded/i.test(
      said,
    )
  ) {
    return 'unreachable';
  }
  return 'unknown';
}

export interface Pushed {
  /** What the command said the digest is; not every command does. */
  readonly digest: string | undefined;
  /** The further tags that are in the repository now too. */
  readonly tags: readonly string[];
}

/**
 * Logs in to the registry and pushes the image under its first tag, then under the others. A login that
 * the registry takes for expired is renewed once. A further tag that cannot be pushed is told in a note:
 * the image itself is there.
 *
 * @throws InfractlError `RegistryLogin`, `PushDenied`, `RepositoryNotFound`, `PushLimit`,
 *   `RegistryUnreachable`, `PushFailed`, `DiskFull`, and those of the engine
 */
export async function push(
  deps: ImageDeps,
  engine: Engine,
  spec: ImageSpec,
  [first, ...others]: readonly [string, ...string[]],
): Promise<Pushed> {
  const config = privateConfig(spec.repository.host, deps.env);
  try {
    await login(deps, engine, spec.repository, config);
    const digest = await pushFirst(deps, engine, spec, first, config);
    const tags: string[] = [];
    for (const tag of others) {
      if (await pushFurther(deps, engine, spec, first, tag, config)) tags.push(tag);
    }
    return { digest, tags };
  } finally {
    config.remove();
  }
}

/** GetAuthorizationToken, then `login` with the token on standard input. */
async function login(
  deps: ImageDeps,
  engine: Engine,
  repository: Repository,
  config: PrivateConfig,
): Promise<void> {
  const { username, password } = await deps.ecr.login(repository);
  const args = ['login', ...insecure(engine, repository), '--username', username, '--password-stdin'];
  const result = await docker(deps, [...args, repository.host], { env: config.env, input: password });
  if (result.exitCode === 0) return;
  const said = lastWords(result.stderr);
  throw (
    engineTrouble(said, engine.command, deps.env) ??
    (refusalOf(said) === 'unreachable' ? unreachable(repository, said) : undefined) ??
    new InfractlError({
      code: 'RegistryLogin',
      message: `The registry ${repository.host} does not accept the login.`,
      why: said,
      suggestions: [
        'Check that the repository is in the account and region of the credentials: aws sts get-caller-identity',
        'Check the clock of this machine.',
      ],
      exit: Exit.credentials,
    })
  );
}

async function pushFirst(
  deps: ImageDeps,
  engine: Engine,
  spec: ImageSpec,
  tag: string,
  config: PrivateConfig,
): Promise<string | undefined> {
  try {
    return await pushTag(deps, engine, spec, tag, config);
  } catch (error) {
    if (!isInfractlError(error) || error.code !== 'RegistryLogin') throw error;
    deps.reporter.emit({ type: 'part.status', part: spec.part, status: 'logging in to the registry again' });
    await login(deps, engine, spec.repository, config);
    return await pushTag(deps, engine, spec, tag, config);
  }
}

async function pushFurther(
  deps: ImageDeps,
  engine: Engine,
  spec: ImageSpec,
  first: string,
  tag: string,
  config: PrivateConfig,
): Promise<boolean> {
  const { uri } = spec.repository;
  try {
    await docker(deps, ['tag', `${uri}:${first}`, `${uri}:${tag}`]);
    await pushTag(deps, engine, spec, tag, config);
    return true;
  } catch (error) {
    if (!isInfractlError(error) || error.exit === Exit.interrupted) throw error;
    const because =
      error.code === 'TagImmutable'
        ? 'it exists, and the repository never changes a tag'
        : (error.why ?? error.message);
    deps.reporter.emit({
      type: 'note',
      message: `The image ${spec.name} did not get the tag ${tag}: ${because}.`,
    });
    return false;
  }
}

async function pushTag(
  deps: ImageDeps,
  engine: Engine,
  spec: ImageSpec,
  tag: string,
  config: PrivateConfig,
): Promise<string | undefined> {
  const { part, repository } = spec;
  const log = pushLog();
  const digestFile = join(config.folder, 'digest');
  const args = ['push', ...insecure(engine, repository)];
  if (engine.builder === 'podman') args.push('--digestfile', digestFile);
  deps.reporter.emit({ type: 'part.status', part, status: `pushing ${tag}` });
  const result = await docker(deps, [...args, `${repository.uri}:${tag}`], {
    env: config.env,
    onLine: (line) => {
      deps.reporter.emit({ type: 'tool.output', part, line });
      const status = log(line);
      if (status !== undefined) deps.reporter.emit({ type: 'part.status', part, status });
    },
  });
  if (result.exitCode !== 0) throw pushError(deps, spec, `${result.stdout}\n${result.stderr}`);
  if (engine.builder === 'podman') return readFileSync(digestFile, 'utf8').trim();
  return /digest: (sha256:[0-9a-f]{64})/.exec(result.stdout)?.[1];
}

function pushError(deps: ImageDeps, spec: ImageSpec, output: string): InfractlError {
  const { repository, name } = spec;
  const why = lastWords(output);
  const engine = engineTrouble(why, deps.docker, deps.env);
  if (engine) return engine;
  switch (refusalOf(why)) {
    case 'login':
      return new InfractlError({
        code: 'RegistryLogin',
        message: `The registry ${repository.host} took the login of the push for expired or missing.`,
        why,
        suggestions: ['Run the same command again: the image is built, only the push is left.'],
        exit: Exit.credentials,
      });
    case 'no repository':
      return repositoryMissing(repository, why);
    case 'immutable':
      return new InfractlError({
        code: 'TagImmutable',
        message: `The repository ${repository.name} has the tag already, and never changes one.`,
        why,
      });
    case 'limit':
      return new InfractlError({
        code: 'PushLimit',
        message: `The image ${name} is over a limit of the registry.`,
        why,
        suggestions: [
          'Join RUN lines or copy into a fresh last stage, so that there are fewer and smaller layers.',
        ],
      });
    case 'denied':
      return pushDenied(spec, why);
    case 'unreachable':
      return unreachable(repository, why);
    default:
      return new InfractlError({
        code: 'PushFailed',
        message: `The image ${name} could not be pushed to ${repository.uri}.`,
        why,
        suggestions: ['Run the same command again: the image is built, only the push is left.'],
      });
  }
}

function pushDenied(spec: ImageSpec, why: string): InfractlError {
  const action = /perform:? (ecr:\w+)/.exec(why)?.[1];
  return new InfractlError({
    code: 'PushDenied',
    message: `The registry refuses the push of the image ${spec.name} to ${spec.repository.uri}.`,
    why,
    suggestions: [
      action
        ? `Ask for a policy that allows ${action} on this repository.`
        : 'Ask for a policy that allows ecr:InitiateLayerUpload, UploadLayerPart, CompleteLayerUpload, PutImage and BatchCheckLayerAvailability on this repository.',
      'Or choose another profile with --profile NAME.',
    ],
    exit: Exit.credentials,
  });
}

/** The repository that an image goes to is not there. */
export function repositoryMissing(repository: Repository, why?: string, cause?: unknown): InfractlError {
  const place = repository.region ? ` in ${repository.region}` : '';
  return new InfractlError({
    code: 'RepositoryNotFound',
    message: `There is no image repository ${repository.name}${place}.`,
    ...(why === undefined ? {} : { why }),
    suggestions: [
      'Create the stack that makes it: infractl deploy --create-stack',
      'Or check the region and the environment: --region, --env.',
    ],
    cause,
  });
}

function unreachable(repository: Repository, why: string): InfractlError {
  return new InfractlError({
    code: 'RegistryUnreachable',
    message: `The registry ${repository.host} could not be reached by the container engine.`,
    why,
    suggestions: [
      'Check the network, and the proxy of the engine (docker info | grep -i proxy).',
      'Then run the same command again: the image is built, only the push is left.',
    ],
  });
}

/** The last lines without progress: where the reason is. */
function lastWords(output: string): string {
  return output
    .split('\n')
    .map((line) => line.trim())
    .filter(
      (line) =>
        line !== '' && !/^[0-9a-f]{12}: |^The push refers to|^Using default tag|^WARNING! /.test(line),
    )
    .slice(-5)
    .join('\n');
}

/** Podman asks for TLS even of a registry on this machine. */
function insecure(engine: Engine, repository: Repository): string[] {
  const here = /^(?:127\.\d+\.\d+\.\d+|localhost)(?::|$)/.test(repository.host);
  return engine.builder === 'podman' && here ? ['--tls-verify=false'] : [];
}
