import type { Command } from '@oclif/core/command';
import { cut } from '../views/table.ts';

type Loadable = Pick<Command.Loadable, 'id' | 'summary'>;

/** What a choice of the menu does. */
export type Chosen =
  | { readonly kind: 'command'; readonly id: string }
  /** A whole command line, of before or advised: `deploy --create-stack`. */
  | { readonly kind: 'again'; readonly line: string }
  /** The commands of a topic: `manage`; without a name all commands. */
  | { readonly kind: 'open'; readonly topic: string | undefined }
  | { readonly kind: 'back' }
  | { readonly kind: 'place' }
  | { readonly kind: 'leave' };

export interface MenuChoice {
  readonly name: string;
  /** What the choice is called once it is made. */
  readonly short: string;
  readonly value: Chosen;
}

export interface MenuFacts {
  readonly commands: readonly Loadable[];
  readonly topics: readonly { readonly name: string; readonly description?: string | undefined }[];
  /** Command lines of before, the newest first. */
  readonly recent: readonly string[];
  /** Command lines that the last command advised. */
  readonly advised?: readonly string[];
  /** What is shown before anything is typed: the usual commands and the topics, all commands, or those of a topic. */
  readonly shown: 'usual' | 'all' | { readonly topic: string };
  /** Commands that are wanted most, where they are not the usual ones. */
  readonly first?: readonly string[] | undefined;
  /** Commands that cannot work here, and what they wait for: only typing their names finds them. */
  readonly withheld?: readonly Loadable[] | undefined;
  /** The environment and the AWS that commands are given, in words; absent where there is nothing to choose. */
  readonly place?: string | undefined;
}

/** What the topics have in common with the commands that have none. */
const PROJECT = 'Project';
/** As the scripts were that infractl replaces; the others follow by name. */
const ORDER = [PROJECT, 'manage', 'monitoring', 'logs', 'backup', 'redeploy'];
/** What is wanted most, before the rest by name. */
const FIRST = ['deploy', 'diff', 'list', 'history', 'rollback', 'outputs', 'destroy', 'doctor'];
/** In a topic too: what looks comes before what changes, and what deletes is not offered before what makes. */
const WITHIN = [
  'status',
  'dashboard',
  'deploy',
  'create',
  'start',
  'stop',
  'restart',
  'quick',
  'continuous',
  'health',
  'metrics',
  'services',
  'logs',
  'list',
  'rollback',
  'restore',
];
/** What takes something away is not the first of what fits alike: Enter comes quickly. */
const TAKES_AWAY = new Set([
  'cancel',
  'cleanup',
  'destroy',
  'prune',
  'remove',
  'reset',
  'uninstall',
  'unlock',
]);
/** A terminal with fewer columns keeps the room for what commands do. */
const NARROW = 60;
/** So much room do the longest names of a group get before what they do. */
const NAMES = { least: 16, most: 28 };
const LEAVE = 'leave';
const BACK = 'back';

/** The choices that a typed term leaves, group by group; a heading is a text alone. */
export function menuChoices(
  { commands, topics, recent, advised = [], shown, place, first = FIRST, withheld = [] }: MenuFacts,
  term: string | undefined,
  columns: number,
): (string | MenuChoice)[] {
  const wanted = (term ?? '').toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (text: string) => wanted.every((word) => text.toLowerCase().includes(word));
  const line = (short: string, about: string, value: Chosen, room = NAMES.least): MenuChoice => ({
    name: cut(about ? `${short.padEnd(room)} ${about}` : short, columns - 4),
    short,
    value,
  });
  const commandLines = (some: readonly Loadable[]): MenuChoice[] => {
    const longest = Math.max(NAMES.least, ...some.map(({ id }) => id.length));
    const room = columns < NARROW ? NAMES.least : Math.min(longest, NAMES.most);
    return some.map(({ id, summary }) =>
      line(id.replaceAll(':', ' '), summary ?? '', { kind: 'command', id }, room),
    );
  };
  const hits = commands.filter(({ id, summary }) => fits(`${id.replaceAll(':', ' ')} ${summary ?? ''}`));
  const usual = shown === 'usual' && wanted.length === 0;
  const closeness = (id: string) => distance(id, wanted) * 2 + harm(id);
  const nearest = (topic: string) =>
    Math.min(...hits.filter(({ id }) => topicOf(id) === topic).map(({ id }) => closeness(id)));
  const groups = [...new Set(hits.map(({ id }) => topicOf(id)))].sort(
    (a, b) => nearest(a) - nearest(b) || rank(a, ORDER) - rank(b, ORDER) || (a < b ? -1 : 1),
  );
  const lines = (title: string, all: readonly string[]) => {
    const some = all.filter(fits).map((words) => line(words, '', { kind: 'again', line: words }));
    return some.length > 0 ? [title, ...some] : [];
  };
  const opened = (topic: string): MenuChoice => {
    const { description } = topics.find(({ name }) => name === topic) ?? {};
    return line(`${topic} …`, description ?? '', { kind: 'open', topic });
  };
  const whole = groups.flatMap((topic) => [
    cut(heading(topic, topics), columns - 2),
    ...commandLines(
      hits
        .filter(({ id }) => topicOf(id) === topic)
        .sort(
          (a, b) =>
            closeness(a.id) - closeness(b.id) ||
            rank(a.id, FIRST) - rank(b.id, FIRST) ||
            rank(lastWord(a.id), WITHIN) - rank(lastWord(b.id), WITHIN) ||
            (a.id < b.id ? -1 : 1),
        ),
    ),
  ]);
  const short = () => [
    PROJECT,
    ...commandLines(first.flatMap((name) => hits.filter(({ id }) => id === name))),
    'More',
    ...groups.filter((topic) => topic !== PROJECT && !topic.includes(':')).map(opened),
    line('all …', 'All commands; typing finds them too.', { kind: 'open', topic: undefined }),
  ];
  const found = usual ? short() : whole;
  const again = lines(
    'Again',
    recent.filter((words) => !advised.includes(words)),
  );
  const where =
    place && fits(`elsewhere environment sandbox ${place}`)
      ? [line('elsewhere', place, { kind: 'place' })]
      : [];
  const back = shown !== 'usual' && fits(BACK) ? [line(BACK, '', { kind: 'back' })] : [];
  const leave = fits(LEAVE) ? [line(LEAVE, '', { kind: 'leave' })] : [];
  // Somebody who types "deploy" must not come to "rollback", whose summary has the word, because deploy cannot work.
  const named = (id: string) => wanted.length > 0 && distance(id, wanted) < BY_SUMMARY;
  const missing = withheld.filter(({ id }) => named(id));
  const meant =
    missing.length > 0 ? ['Needs an infractl.yaml without mistakes', ...commandLines(missing)] : [];
  // Nor to "redeploy rollback", because it was advised a moment ago.
  const nearestHit = Math.min(...hits.map(({ id }) => distance(id, wanted)));
  const isNear = (words: string) => distance(commandOf(words), wanted) <= nearestHit;
  const end = [...where, ...back, ...leave];
  return [
    ...lines('Next', advised.filter(isNear)),
    ...(wanted.length === 0 ? again : []),
    ...meant,
    ...found,
    // What was typed is looked for among the commands first.
    ...lines(
      'Next',
      advised.filter((words) => !isNear(words)),
    ),
    ...(wanted.length === 0 ? [] : again),
    ...(end.length > 0 ? [' ', ...end] : []),
  ];
}

/** `redeploy:rollback` of `redeploy rollback --app mbot`. */
function commandOf(line: string): string {
  const words = line.split(' ');
  const flags = words.findIndex((word) => word.startsWith('-'));
  return words.slice(0, flags === -1 ? undefined : flags).join(':');
}

/** A distance: no name has what was typed. */
const BY_SUMMARY = 4;

/** How far a command's name is from what was typed: "start" is meant before "restart", and a name before a summary. */
function distance(id: string, wanted: readonly string[]): number {
  if (wanted.length === 0) return 0;
  const words = id.split(':');
  const typed = wanted.join(' ');
  if (words.join(' ') === typed) return 0;
  if (words.join(' ').startsWith(typed)) return 1;
  if (wanted.every((one) => words.some((word) => word.startsWith(one)))) return 2;
  return wanted.every((one) => words.some((word) => word.includes(one))) ? 3 : BY_SUMMARY;
}

function topicOf(id: string): string {
  const end = id.lastIndexOf(':');
  return end === -1 ? PROJECT : id.slice(0, end);
}

const lastWord = (id: string) => id.slice(id.lastIndexOf(':') + 1);
const harm = (id: string) => (TAKES_AWAY.has(lastWord(id)) ? 1 : 0);

function rank(name: string, order: readonly string[]): number {
  const at = order.indexOf(name.split(':')[0] ?? name);
  return at === -1 ? order.length : at;
}

function heading(topic: string, topics: MenuFacts['topics']): string {
  const known = topics.find(({ name }) => name === topic);
  const name = topic.replaceAll(':', ' ');
  const title = name.charAt(0).toUpperCase() + name.slice(1);
  return known?.description ? `${title}: ${known.description}` : title;
}
