import type { AliasFacts, Code, FunctionFacts } from './types.ts';

/** What AWS reads of a function before it is decided what to do. */
export interface Situation {
  readonly latest: FunctionFacts;
  readonly alias: AliasFacts | undefined;
  /** The version that the alias is on. */
  readonly live: FunctionFacts | undefined;
}

export interface Needs {
  /** $LATEST does not run the wanted code, or its last update failed. */
  readonly code: boolean;
  /** The published version behind the alias is not what $LATEST is, or is to be. */
  readonly publish: boolean;
  /** The alias is missing, elsewhere, or splits the traffic. */
  readonly alias: boolean;
  readonly reasons: readonly string[];
}

/** Facts of a version that differ from $LATEST's although nothing that it does differs. */
const ITS_OWN = new Set([
  '$metadata',
  'CodeSha256',
  'CodeSize',
  'ConfigSha256',
  'Description',
  'FunctionArn',
  'LastModified',
  'LastUpdateStatus',
  'LastUpdateStatusReason',
  'LastUpdateStatusReasonCode',
  'MasterArn',
  'RevisionId',
  'RuntimeVersionConfig',
  'SigningJobArn',
  'State',
  'StateReason',
  'StateReasonCode',
  'Version',
]);

/** Decides what is to be done. Pure. */
export function needsOf({ latest, alias, live }: Situation, wanted: Code, aliasName: string): Needs {
  const reasons: string[] = [];
  const code = !runs(latest, wanted) || latest.updateStatus === 'Failed' || latest.state === 'Failed';
  const liveIsVersion = live !== undefined && live.version !== '$LATEST';
  const otherCode = !liveIsVersion || live.codeSha256 !== latest.codeSha256 || live.state === 'Failed';
  const settings = liveIsVersion ? changedSettings(latest, live) : [];
  const split = Object.keys(alias?.weights ?? {}).length > 0;
  if (code || (liveIsVersion && otherCode)) reasons.push('code');
  if (settings.length > 0) reasons.push(`configuration (${settings.join(', ')})`);
  if (!alias || !liveIsVersion || split) reasons.push(`alias ${aliasName}`);
  const publish = code || otherCode || settings.length > 0;
  return { code, publish, alias: publish || split, reasons };
}

/** Whether a function runs this code: by digest of the image, or of the archive. */
export function runs(facts: FunctionFacts, wanted: Code): boolean {
  if ('zip' in wanted) return facts.packageType === 'Zip' && facts.codeSha256 === wanted.zip.codeSha256;
  return facts.packageType === 'Image' && facts.imageUri === wanted.imageUri;
}

/** The names of the settings in which two versions of a function differ. Never their values. */
export function changedSettings(one: FunctionFacts, other: FunctionFacts): string[] {
  const keys = new Set([...Object.keys(one.configuration), ...Object.keys(other.configuration)]);
  return [...keys]
    .filter((key) => !ITS_OWN.has(key))
    .filter((key) => text(key, one.configuration[key]) !== text(key, other.configuration[key]))
    .sort();
}

function text(key: string, value: unknown): string {
  // Whether a snapshot is ready is no setting.
  const setting = key === 'SnapStart' ? (value as { ApplyOn?: string } | undefined)?.ApplyOn : value;
  return JSON.stringify(emptied(setting)) ?? '';
}

/** Sorted keys, and nothing where there is only emptiness: AWS leaves out or fills in what is not set. */
function emptied(value: unknown): unknown {
  if (value === null || value === '') return undefined;
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.map(emptied);
  if (typeof value !== 'object') return value;
  const entries = Object.entries(value)
    .map(([key, item]) => [key, emptied(item)] as const)
    .filter(([, item]) => item !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** Nothing is going on: neither a creation nor an update. */
export function isSettled(facts: FunctionFacts): boolean {
  return facts.updateStatus !== 'InProgress' && facts.state !== 'Pending';
}

/** The pause before the next look, in milliseconds: a tenth of a second at first, never over two seconds. */
export function pollDelay(elapsed: number): number {
  return Math.min(2000, Math.max(100, elapsed / 4));
}
