/** What the words of a command line stand for, where the manifest does not list them. */

/** Names that `infractl.yaml` or this machine knows. */
export type LocalKind =
  | 'environment'
  | 'profile'
  | 'part'
  | 'stack'
  | 'host'
  | 'application'
  | 'backup-plan'
  | 'log'
  | 'subject'
  | 'blueprint';

/** Names that only AWS or a host knows; they are remembered for a while. */
export type FarKind = 'instance' | 'deploy' | 'state' | 'backup' | 'release';

const FAR = new Set<Kind>(['instance', 'deploy', 'state', 'backup', 'release']);

/** What a word may be; a file is the shell's own business. */
export type Kind = LocalKind | FarKind | 'file' | 'free';

/** By the name of the flag, the same in every command; `command --flag` where one means something else. */
export const FLAG_KINDS: Readonly<Record<string, Kind>> = {
  env: 'environment',
  profile: 'profile',
  host: 'host',
  app: 'application',
  id: 'instance',
  instance: 'instance',
  'destroy --keep': 'part',
  'diff --against': 'state',
};

/** By `command argument`. */
export const ARGUMENT_KINDS: Readonly<Record<string, Kind>> = {
  'attach stack': 'stack',
  'cancel stack': 'stack',
  'drift stack': 'stack',
  'events stack': 'stack',
  'explain stack': 'stack',
  'deploy part': 'part',
  'diff part': 'part',
  'history id': 'deploy',
  'rollback id': 'state',
  'outputs name': 'stack',
  'backup auto plan': 'backup-plan',
  'backup cleanup plan': 'backup-plan',
  'backup create plan': 'backup-plan',
  'backup list plan': 'backup-plan',
  'backup schedule doctor plan': 'backup-plan',
  'backup schedule install plan': 'backup-plan',
  'backup schedule status plan': 'backup-plan',
  'backup schedule uninstall plan': 'backup-plan',
  'backup restore backup': 'backup',
  'backup verify backup': 'backup',
  'host ssh host': 'host',
  'host copy from': 'file',
  'host copy to': 'file',
  'init blueprint': 'blueprint',
  'init folder': 'file',
  'logs name': 'log',
  'logs stats name': 'log',
  'monitoring metrics name': 'subject',
  'redeploy rollback release': 'release',
};

/** The kind of the value of a flag. */
export function flagKind(command: string, flag: string): Kind {
  const name = command.replaceAll(':', ' ');
  return FLAG_KINDS[`${name} --${flag}`] ?? FLAG_KINDS[flag] ?? 'free';
}

/** The kind of an argument. */
export function argumentKind(command: string, argument: string): Kind {
  return ARGUMENT_KINDS[`${command.replaceAll(':', ' ')} ${argument}`] ?? 'free';
}

export function isFar(kind: Kind): kind is FarKind {
  return FAR.has(kind);
}
