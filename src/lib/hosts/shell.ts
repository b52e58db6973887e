import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InfractlError } from '../base/errors.ts';
import { type PluginDeps, pluginCommand } from './plugin.ts';
import { destination, hostOptions, pinnedLine, type SshTarget, tunnelOptions } from './ssh-options.ts';

/**
 * A login on the host for whoever sits at this terminal: ssh itself, with its own questions about keys and
 * passphrases. Ctrl-C is the shell's there. Gives the exit code of ssh.
 */
export async function shellBySsh(target: SshTarget, env: NodeJS.ProcessEnv): Promise<number> {
  const { execa } = await import('execa');
  const folder = mkdtempSync(join(tmpdir(), 'infractl-'));
  try {
    const pinned = target.reach.hostKey ? join(folder, 'known_hosts') : undefined;
    if (pinned) writeFileSync(pinned, pinnedLine(target.reach.hostKey ?? ''), { mode: 0o600 });
    const tunnel = await target.tunnel?.();
    const through = tunnel ? tunnelOptions(tunnel) : [];
    const args = [...through, ...hostOptions(target, pinned, 'ask'), destination(target)];
    const ended = await execa('ssh', args, {
      env: { ...env, ...tunnel?.env },
      extendEnv: false,
      stdio: 'inherit',
      reject: false,
    });
    if (ended.code === 'ENOENT') {
      throw new InfractlError({
        code: 'CommandNotFound',
        message: 'The command ssh was not found.',
        suggestions: ['Install the OpenSSH client (Debian and Ubuntu: apt install openssh-client).'],
      });
    }
    return ended.exitCode ?? 255;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The same through Session Manager: its plugin, as the AWS CLI runs it. Gives the exit code of the plugin. */
export async function shellBySsm(instance: string, deps: PluginDeps): Promise<number> {
  const { execa } = await import('execa');
  const { argv, env } = await pluginCommand(instance, deps);
  const [plugin = '', ...args] = argv;
  const ended = await execa(plugin, args, {
    env: { ...deps.env, ...env },
    extendEnv: false,
    stdio: 'inherit',
    reject: false,
  });
  return ended.exitCode ?? 255;
}
