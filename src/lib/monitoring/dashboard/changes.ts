import type { Mood, Picture } from './picture.ts';
import { type Thing, thingsOf } from './things.ts';

/** Something that is not as it was at the last look. */
export interface Change {
  readonly kind: Thing['kind'];
  readonly name: string;
  /** Null: it was not there before. */
  readonly from: string | null;
  /** Null: it is not there any more. */
  readonly to: string | null;
  readonly mood: Mood;
  readonly words: string;
}

type Seen = Pick<Picture, 'panels' | 'at'>;

/**
 * What has changed between two pictures. A source that answers for the first time brings no news; one that fails or
 * answers again is news itself.
 */
export function changesBetween(before: Seen, after: Seen): Change[] {
  const old = byKey(before);
  const now = byKey(after);
  const fresh = freshKinds(before);
  const changes: Change[] = [];
  for (const [key, { kind, name, state, mood, words }] of now) {
    const was = old.get(key);
    if (was?.state === state || (!was && fresh.has(kind))) continue;
    // A source that is seen for the first time is no news, one that cannot be seen is.
    if (!was && kind === 'panel' && mood === 'good') continue;
    // Nor is what a host tells of again after it could not be asked, unless it is bad by now.
    if (!was && mood !== 'bad' && isHidden(before, kind, name)) continue;
    changes.push({ kind, name, from: was?.state ?? null, to: state, mood, words });
  }
  for (const [key, { kind, name, state }] of old) {
    if (now.has(key) || kind === 'panel' || kind === 'deploy' || isHidden(after, kind, name)) continue;
    changes.push({ kind, name, from: state, to: null, mood: 'bad', words: 'it is not there any more' });
  }
  return changes;
}

/** Whether it is a service of a host that could not be asked: nobody knows how it is. */
function isHidden({ panels }: Seen, kind: Thing['kind'], name: string): boolean {
  return (
    kind === 'service' &&
    (panels.services?.value ?? []).some(({ host, error }) => error && name.startsWith(`${host}/`))
  );
}

/** Two services of one name, as two hosts may have, are told apart by their order. */
function byKey(seen: Seen): Map<string, Thing> {
  const found = new Map<string, Thing>();
  for (const thing of thingsOf(seen)) {
    let key = `${thing.kind} ${thing.kind === 'deploy' ? '' : thing.name}`;
    while (found.has(key)) key += '+';
    found.set(key, thing);
  }
  return found;
}

const SOURCE_OF = {
  alarm: 'alarms',
  instance: 'instances',
  host: 'hosts',
  service: 'services',
  endpoint: 'endpoints',
  certificate: 'endpoints',
  backup: 'backups',
  deploy: 'deploy',
} as const;

/** Kinds whose source had not answered before. */
function freshKinds({ panels }: Seen): Set<Thing['kind']> {
  const kinds = Object.keys(SOURCE_OF) as (keyof typeof SOURCE_OF)[];
  return new Set(kinds.filter((kind) => panels[SOURCE_OF[kind]]?.at === undefined));
}
