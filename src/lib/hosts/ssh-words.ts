import { Exit, InfractlError } from '../base/errors.ts';
import { shellWord } from '../base/shell-words.ts';
import { destination, type SshTarget } from './ssh-options.ts';

const UNKNOWN_KEY = /No (\S+) host key is known for|Host key verification failed/;
const CHANGED_KEY = /REMOTE HOST IDENTIFICATION HAS CHANGED|host key for .* has changed/i;

/** Whether ssh stopped because it has never seen the host's key. */
export function isUnknownKey(stderr: string): boolean {
  return UNKNOWN_KEY.test(stderr) && !CHANGED_KEY.test(stderr);
}

export interface ShownKey {
  /** `ssh-ed25519` */
  readonly type: string;
  /** `SHA256:…` */
  readonly fingerprint: string;
}

/** The host key in what `ssh -v` says; the last one: those before are of jump hosts. */
export function shownKey(stderr: string): ShownKey | undefined {
  const found = [...stderr.matchAll(/Server host key: (\S+) (SHA256:\S+)/g)].at(-1);
  return found ? { type: found[1] ?? '', fingerprint: found[2] ?? '' } : undefined;
}

/** Why ssh could not connect, in words. */
export function connectError(target: SshTarget, stderr: string): InfractlError {
  const { name } = target;
  const where = destination(target);
  const said = lastLines(stderr);
  const error = (
    code: string,
    message: string,
    suggestions: string[],
    exit: InfractlError['exit'] = Exit.failed,
  ) => new InfractlError({ code, message, why: said, suggestions, exit });
  if (CHANGED_KEY.test(stderr) || (target.reach.hostKey && /Host key verification failed/.test(stderr))) {
    return new InfractlError({
      code: 'HostKeyChanged',
      message: `The host ${name} (${where}) shows another key than the one that is known: nothing was done.`,
      why: 'Either it is another machine (one that was made anew has a new key), or somebody stands in between.',
      suggestions: target.reach.hostKey
        ? [`If it was made anew, put its new key into infractl.yaml under hosts.${name}.ssh.hostKey.`]
        : [
            'Ask whoever made the machine anew for its new fingerprint, or read it in the console output of the instance.',
            `If it is right, forget the old key: ssh-keygen -R ${knownName(target)}`,
          ],
      exit: Exit.declined,
    });
  }
  const [, open] = /Load key "(.+)": bad permissions/.exec(stderr) ?? [];
  if (/Permission denied|Too many authentication failures|no such identity|Load key/i.test(stderr)) {
    return error(
      'HostLoginRefused',
      `${where} did not let infractl log in.`,
      [
        ...(open ? [`ssh takes no key that others can read: chmod 600 ${shellWord(open)}`] : []),
        `Try it by hand: ssh ${where}`,
        'A key with a passphrase must be in the agent: ssh-add FILE',
        `Check the user and the key under hosts.${name}.ssh (Ubuntu: ubuntu, Amazon Linux: ec2-user, Debian: admin).`,
      ],
      Exit.credentials,
    );
  }
  if (/Could not resolve hostname|Name or service not known/i.test(stderr)) {
    return error('HostUnreachable', `The name of the host ${name} is unknown: ${target.address}.`, [
      `Check hosts.${name} in infractl.yaml, and the network of this machine.`,
    ]);
  }
  const stopped = /timed out|No route|unreachable/i.test(stderr);
  return error('HostUnreachable', `The host ${name} (${where}) could not be reached.`, [
    stopped
      ? 'Is the instance running, and does its security group let your address in?'
      : 'Is sshd running there? An instance that starts needs a minute.',
    `To see more: ssh -v ${where}`,
  ]);
}

export function unknownKeyError(target: SshTarget, key: ShownKey | undefined): InfractlError {
  const where = destination(target);
  return new InfractlError({
    code: 'HostKeyUnknown',
    message: `The key of the host ${target.name} (${where}) is not known yet.`,
    ...(key ? { why: `It shows ${key.type} ${key.fingerprint}.` } : {}),
    suggestions: [
      'If that is its fingerprint, give --accept-host-key.',
      `Or pin its key in infractl.yaml: hosts.${target.name}.ssh.hostKey`,
    ],
    exit: Exit.declined,
  });
}

export function connectionLost(target: SshTarget, began: boolean): InfractlError {
  return new InfractlError({
    code: 'HostConnectionLost',
    message: `The connection to the host ${target.name} was lost.`,
    why: began ? 'What had begun there may go on.' : 'The command was not begun.',
    suggestions: ['Look at the network and at the host, then run the same command again.'],
  });
}

const SUDO =
  /^sudo: (?:a password is required|a terminal is required|no tty present|.*askpass)|is not (?:in the sudoers file|allowed to)|may not run sudo/m;

/** Why sudo did not begin a command; undefined when sudo was not what failed. */
export function sudoError(name: string, where: string, stderr: string): InfractlError | undefined {
  if (!SUDO.test(stderr)) return undefined;
  return new InfractlError({
    code: 'SudoNeedsPassword',
    message: `The user of the host ${name} (${where}) may not become root without a password.`,
    why: lastLines(stderr),
    suggestions: [
      'Allow it on the host: echo "$USER ALL=(ALL) NOPASSWD:ALL" | sudo tee /etc/sudoers.d/infractl',
      'Or log in as a user who may.',
    ],
    exit: Exit.credentials,
  });
}

export function hostTimeout(name: string, command: string, ms: number): InfractlError {
  return new InfractlError({
    code: 'HostTimeout',
    message: `${command} took longer than ${Math.round(ms / 1000)} s on the host ${name}, and was stopped.`,
    exit: Exit.timedOut,
  });
}

function knownName({ address, reach }: SshTarget): string {
  return reach.port && reach.port !== 22 ? `'[${address}]:${reach.port}'` : address;
}

/** What ssh said, without its decoration and at most three lines of it. */
function lastLines(stderr: string): string {
  return stderr
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^@+$/.test(line) && !line.startsWith('debug1:'))
    .slice(-3)
    .join('\n');
}
