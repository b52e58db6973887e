import type { AwsCredentialIdentity } from '@aws-sdk/types';
import { UsageError } from '../base/errors.ts';
import type { Pacers } from './pacing.ts';
import { type ProxyAgents, proxyAgents } from './proxy.ts';
import type { AwsCall, SilenceWatch } from './trace.ts';

/** Where a setting came from, for messages and `config show --origin`. */
export type Origin = 'flag' | 'environment' | 'project file' | 'profile' | 'sandbox';

export interface SessionChoice {
  readonly profile?: string | undefined;
  readonly region?: string | undefined;
}

/** An AWS on this machine that takes the place of the real one. */
export interface SandboxTarget {
  /** `http://127.0.0.1:<port>` */
  readonly endpoint: string;
  readonly credentials: AwsCredentialIdentity;
}

export interface Identity {
  readonly account: string;
  readonly arn: string;
  /** When the credentials end, in milliseconds since 1970; absent where they do not, or do not say. */
  readonly expires?: number;
  /** How far this machine's clock was ahead of AWS's, in milliseconds; AWS tells whole seconds. */
  readonly ahead?: number;
}

/** The part of an SDK client's configuration that every client of a session shares. */
export interface ClientConfig {
  readonly region: string;
  readonly endpoint?: string;
  readonly profile?: string;
  readonly credentials?: AwsCredentialIdentity;
  readonly maxAttempts?: number | (() => Promise<number>);
  readonly requestHandler?: Partial<ProxyAgents> & {
    /** Milliseconds. */
    readonly connectionTimeout: number;
    /** Milliseconds without a byte in either direction. */
    readonly socketTimeout: number;
  };
}

/** Left alone, the SDK waits for ever on a peer that takes the connection and never answers. Milliseconds. */
export const PATIENCE = { connectionTimeout: 10_000, socketTimeout: 60_000 } as const;
/** How often a call is tried where nothing else is configured; the SDK's own three are few for a throttled account. */
const ATTEMPTS = 5;

/**
 * Which AWS, as whom, in which region. Capabilities get clients made from `config`; only `sandbox`
 * says that it is not the real one, and only messages may look at that.
 */
export interface AwsSession {
  readonly config: ClientConfig;
  readonly region: string;
  readonly regionOrigin: Origin;
  readonly profile: string | undefined;
  readonly endpoint: string | undefined;
  readonly sandbox: boolean;
  /** The credentials are the keys in AWS_ACCESS_KEY_ID and its companions. For messages only. */
  readonly keysFromEnvironment?: boolean;
  /** Where its clients find their pacers; absent: those that the whole process shares. */
  readonly pacers?: Pacers;
  /** Told of every attempt of every call; absent unless somebody wants to know. */
  readonly onCall?: (call: AwsCall) => void;
  /** Told of attempts that AWS leaves without an answer; absent unless somebody wants to know. */
  readonly silence?: SilenceWatch;
  /** Who the credentials are: STS GetCallerIdentity, asked once. */
  identity(): Promise<Identity>;
}

/**
 * Chooses profile and region: flag, then environment, then project file, then the profile's own.
 *
 * @param watch told of every attempt of every AWS call, and of those without an answer
 * @throws UsageError `NoRegion` when nothing names a region.
 */
export async function openSession(
  flags: SessionChoice,
  project: SessionChoice,
  sandbox?: SandboxTarget,
  env: NodeJS.ProcessEnv = process.env,
  watch: Pick<AwsSession, 'onCall' | 'silence'> = {},
): Promise<AwsSession> {
  const profile = sandbox ? undefined : chooseProfile(flags, project, env);
  const [region, regionOrigin] = await chooseRegion(flags, project, profile, sandbox !== undefined, env);
  const profileEndpoint = sandbox
    ? undefined
    : await endpointOfProfile(profile ?? env.AWS_PROFILE ?? 'default', env);
  const endpoint =
    sandbox?.endpoint ?? profileEndpoint ?? (ignoresEndpoints(env) ? undefined : env.AWS_ENDPOINT_URL);
  const config: ClientConfig = {
    region,
    requestHandler: { ...PATIENCE, ...(await proxyAgents(env, endpoint)) },
    ...(env.AWS_MAX_ATTEMPTS ? {} : { maxAttempts: () => attemptsOfProfile(profile, env) }),
    ...(profile ? { profile } : {}),
    // The SDK reads it of the profile that AWS_PROFILE names, but not of one that it is handed.
    ...(profile && profileEndpoint ? { endpoint: profileEndpoint } : {}),
    ...(sandbox ? { endpoint: sandbox.endpoint, credentials: sandbox.credentials } : {}),
  };
  let identity: Promise<Identity> | undefined;
  const session: AwsSession = {
    config,
    region,
    regionOrigin,
    profile: profile ?? env.AWS_PROFILE,
    endpoint,
    sandbox: sandbox !== undefined,
    ...watch,
    // A profile that AWS_PROFILE names is taken before them.
    keysFromEnvironment: !sandbox && !profile && !env.AWS_PROFILE && Boolean(env.AWS_ACCESS_KEY_ID),
    identity() {
      identity ??= import('./sts.ts').then(({ callerIdentity }) => callerIdentity(session));
      return identity;
    },
  };
  return session;
}

/** `endpoint_url` of a profile, where nothing goes before it. */
async function endpointOfProfile(name: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  if (env.AWS_ENDPOINT_URL || ignoresEndpoints(env)) return undefined;
  const { loadSharedConfigFiles } = await import('@smithy/core/config');
  const { endpoint_url, ignore_configured_endpoint_urls } =
    (await loadSharedConfigFiles()).configFile[name] ?? {};
  return ignore_configured_endpoint_urls === 'true' ? undefined : endpoint_url;
}

function ignoresEndpoints(env: NodeJS.ProcessEnv): boolean {
  return env.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS === 'true';
}

/** `max_attempts` of the profile; the file is read by the SDK anyway. */
async function attemptsOfProfile(profile: string | undefined, env: NodeJS.ProcessEnv): Promise<number> {
  const { loadSharedConfigFiles } = await import('@smithy/core/config');
  const { configFile } = await loadSharedConfigFiles();
  return Number(configFile[profile ?? env.AWS_PROFILE ?? 'default']?.max_attempts) || ATTEMPTS;
}

/** An explicit profile for the clients; undefined leaves the SDK's own chain (AWS_PROFILE, keys, roles). */
function chooseProfile(
  flags: SessionChoice,
  project: SessionChoice,
  env: NodeJS.ProcessEnv,
): string | undefined {
  if (flags.profile) return flags.profile;
  if (env.AWS_PROFILE || env.AWS_ACCESS_KEY_ID || env.AWS_WEB_IDENTITY_TOKEN_FILE) return undefined;
  return project.profile;
}

async function chooseRegion(
  flags: SessionChoice,
  project: SessionChoice,
  profile: string | undefined,
  sandbox: boolean,
  env: NodeJS.ProcessEnv,
): Promise<[string, Origin]> {
  if (flags.region) return [flags.region, 'flag'];
  const fromEnvironment = env.AWS_REGION || env.AWS_DEFAULT_REGION;
  if (fromEnvironment) return [fromEnvironment, 'environment'];
  if (project.region) return [project.region, 'project file'];
  if (sandbox) return ['us-east-1', 'sandbox'];
  const { loadSharedConfigFiles } = await import('@smithy/core/config');
  const { configFile, credentialsFile } = await loadSharedConfigFiles();
  const name = profile ?? env.AWS_PROFILE ?? 'default';
  const region = configFile[name]?.region ?? credentialsFile[name]?.region;
  if (region) return [region, 'profile'];
  throw new UsageError({
    code: 'NoRegion',
    message: 'No AWS region is set.',
    why: `Neither --region, AWS_REGION, the project file nor the profile ${name} names one.`,
    suggestions: ['Add `region: eu-west-3` to infractl.yaml, or give --region.'],
  });
}
