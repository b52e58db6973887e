import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InfractlError } from '../base/errors.ts';
import { destination, hostOptions, pinnedLine, type SshTarget } from './ssh-options.ts';

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
    const args = [...hostOptions(target, pinned, 'ask'), destination(target)];
    const ended = await execa('ssh', args, { env, extendEnv: false, stdio: 'inherit', reject: false });
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
