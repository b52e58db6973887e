import { underneath } from '../aws/errors.ts';
import type { Clock } from '../base/clock.ts';
import { InfractlError, isInfractlError } from '../base/errors.ts';
import { run } from '../base/process.ts';
import type { Tunnel } from './ssh-options.ts';
import type { SsmPort } from './ssm-port.ts';
import { notManaged } from './ssm-words.ts';

export interface PluginDeps {
  /** The host's name in infractl.yaml. */
  readonly name: string;
  readonly port: SsmPort;
  readonly clock: Clock;
  readonly env: NodeJS.ProcessEnv;
}

const PLUGIN = 'session-manager-plugin';
/** Older ones take the token of the session as an argument, where every process of the machine can read it. */
const READS_ENVIRONMENT = [1, 2, 498];
/** The variable that newer ones take the answer of StartSession from; its name stands in its place. */
const ANSWER = 'AWS_SSM_START_SESSION_RESPONSE';

/**
 * Opens a session of Session Manager, and gives what runs its plugin on it: a login, or with a port a tunnel.
 *
 * @throws InfractlError `PluginMissing`, `PluginTooOld`, `HostNotManaged`, `HostUnreachable`
 */
export async function pluginCommand(
  instance: string,
  { name, port, clock, env }: PluginDeps,
  sshPort?: number,
): Promise<Tunnel> {
  await checkPlugin(env);
  const { answer, asked, endpoint } = await port.session(instance, sshPort).catch(async (error: unknown) => {
    if (underneath(error).name !== 'TargetNotConnected') throw error;
    throw notManaged(name, instance, (await port.managed([instance])).get(instance), clock);
  });
  // The place of the profile stays empty: the plugin signs nothing.
  return {
    argv: [PLUGIN, ANSWER, port.region, 'StartSession', '', asked, endpoint],
    env: { [ANSWER]: answer },
  };
}

async function checkPlugin(env: NodeJS.ProcessEnv): Promise<void> {
  const { stdout } = await run(PLUGIN, ['--version'], { env, timeout: 20_000 }).catch((error: unknown) => {
    if (isInfractlError(error) && error.code === 'CommandNotFound') throw missing();
    throw error;
  });
  const [major = 0, minor = 0, patch = 0] = stdout.trim().split('.').map(Number);
  const [a = 0, b = 0, c = 0] = READS_ENVIRONMENT;
  if ((major - a || minor - b || patch - c) >= 0) return;
  throw new InfractlError({
    code: 'PluginTooOld',
    message: `The Session Manager plugin ${stdout.trim()} is too old: it would show the session's token to all processes of this machine.`,
    suggestions: [`Install ${READS_ENVIRONMENT.join('.')} or newer.`],
  });
}

function missing(): InfractlError {
  return new InfractlError({
    code: 'PluginMissing',
    message: 'A login through Systems Manager takes the Session Manager plugin, which is not installed.',
    suggestions: [
      'macOS: brew install --cask session-manager-plugin',
      'Linux and Windows: https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-install-plugin.html',
      'One command needs no plugin: infractl host run -- COMMAND',
    ],
  });
}
