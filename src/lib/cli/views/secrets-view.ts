import { Exit } from '../../base/errors.ts';
import { age, listed, plural } from '../../base/text.ts';
import type { SecretChange, SecretChoice, SecretImport, SecretRow } from '../../desks/index.ts';
import { type Leak, STORE_WORDS, type StoreName } from '../../secrets/index.ts';
import { advised, type Style } from '../terminal.ts';
import { pairs, table } from './table.ts';
import type { View } from './view.ts';

const STATE_STYLE: Readonly<Record<SecretRow['state'], Style>> = {
  there: 'green',
  missing: 'red',
  'no such field': 'red',
  unknown: 'yellow',
};
const STORES = { ...STORE_WORDS, env: '.env.secrets' } as const;
const nameOf = (name: string, key: string | undefined) => (key === undefined ? name : `${name} ${key}`);
const inStore = (store: SecretRow['store']) => (store === 'ssm' ? ' --store ssm' : '');
const iso = (ms: number | undefined) => (ms === undefined ? null : new Date(ms).toISOString());

/** Which secrets the project uses. Exit 3 where one could not be looked at. */
export function secretsView(rows: readonly SecretRow[], now: number): View {
  return {
    json: rows.map(({ changed, key, why, ...row }) => ({
      ...row,
      key: key ?? null,
      changed: iso(changed),
      why: why ?? null,
    })),
    ...(rows.some(({ state }) => state === 'unknown') ? { exit: Exit.partial } : {}),
    text: (ui) => {
      if (rows.length === 0) return 'The project names no secret.';
      const columns = ['secret', 'in', '', 'changed', { title: 'used by', min: 16, wrap: true }];
      const cells = rows.map(({ store, name, key, state, changed, usedBy }) => [
        nameOf(name, key),
        STORES[store],
        ui.paint(STATE_STYLE[state], state),
        changed === undefined ? '-' : `${age(now - changed)} ago`,
        usedBy.join(', '),
      ]);
      const whys = rows.flatMap(({ name, why }) =>
        why ? [`${ui.paint('yellow', '!')} ${name}: ${why}`] : [],
      );
      const missing = rows.filter(({ state, store }) => state === 'missing' && store !== 'env');
      const make = missing.map(({ name, key, store }) => {
        const flags = `${key ? ` --key ${key}` : ''}${inStore(store)}`;
        return advised(ui, `→ Make it: infractl secrets set ${name}${flags}`);
      });
      return [table(ui, columns, cells), ...whys, ...make].join('\n');
    },
  };
}

/** What is known of one secret; its value only where it was asked for. */
export function secretView(
  { name, key }: SecretChoice,
  found: { readonly store: StoreName; readonly value: string; readonly changed: number | undefined },
  { show, now }: { readonly show: boolean; readonly now: number },
): View {
  const { store, value, changed } = found;
  return {
    json: { name, key: key ?? null, store, characters: value.length, changed: iso(changed) },
    text: (ui) =>
      show
        ? value
        : pairs(ui, [
            ['secret', nameOf(name, key)],
            ['in', STORE_WORDS[store]],
            ['length', plural(value.length, 'character')],
            ['changed', changed === undefined ? '-' : `${age(now - changed)} ago`],
            ['value', 'not shown; --show shows it on a terminal'],
          ]),
  };
}

const OUTCOME: Readonly<Record<SecretChange['outcome'], string>> = {
  created: 'Stored',
  changed: 'Changed',
  unchanged: 'Nothing to do',
  'put back': 'Put back',
};

/** What became of a secret, who has it when, and the way back. */
export function changeView(change: SecretChange, where: string): View {
  const { store, name, key, outcome, usedBy } = change;
  return {
    json: { ...change, key: key ?? null },
    text: (ui) => {
      const words = outcome === 'unchanged' ? 'it has this value already' : `in ${STORE_WORDS[store]}`;
      const head = `${ui.paint(outcome === 'unchanged' ? 'dim' : 'green', OUTCOME[outcome])}: ${nameOf(name, key)}, ${words}.`;
      if (outcome === 'unchanged') return head;
      const takes =
        usedBy.length > 0
          ? [`Used by ${listed(usedBy)}, from the next deploy on: infractl deploy --create-stack${where}`]
          : [];
      const back =
        outcome === 'created'
          ? []
          : [`The value before is kept: infractl secrets undo ${name}${inStore(store)}${where}`];
      return [head, ...takes, ...back].join('\n');
    },
  };
}

/** What was stored of a file, and how infractl.yaml refers to it. */
export function importView(
  { store, target, references, changes }: SecretImport,
  { file, dryRun, where }: { readonly file: string; readonly dryRun: boolean; readonly where: string },
): View {
  return {
    json: {
      store,
      target,
      dryRun,
      references: Object.fromEntries(references),
      changes: changes.map(({ key, ...change }) => ({ ...change, key: key ?? null })),
    },
    text: (ui) => {
      const count = plural(references.length, 'value');
      const done = changes.some(({ outcome }) => outcome !== 'unchanged');
      const head = dryRun
        ? `Would store ${count} of ${file} in ${STORE_WORDS[store]}, ${target}.`
        : `${done ? ui.paint('green', 'Stored') : 'Nothing to do'}: ${count} of ${file} ${done ? 'are' : 'were'} in ${STORE_WORDS[store]}, ${target}${done ? '' : ' already'}.`;
      const width = Math.max(...references.map(([name]) => name.length));
      const lines = references.map(([name, reference]) => `  ${name.padEnd(width)}  ${reference}`);
      const after = dryRun
        ? []
        : [
            '',
            `Then compare (infractl diff${where}), deploy, and delete ${file}; renew what was ever in git.`,
          ];
      return [head, '', 'In infractl.yaml, in place of { env: NAME }:', ...lines, ...after].join('\n');
    },
  };
}

/** Where secrets were found that must not be there: exit 1. */
export function leaksView(found: {
  readonly searched: readonly string[];
  readonly leaks: readonly Leak[];
  readonly unread: readonly string[];
  readonly tooShort: readonly string[];
  readonly notSearched: readonly string[];
}): View {
  const { searched, leaks, unread, tooShort, notSearched } = found;
  const incomplete = unread.length + notSearched.length > 0;
  return {
    json: found,
    ...(leaks.length > 0 ? { exit: Exit.failed } : incomplete ? { exit: Exit.partial } : {}),
    text: (ui) => {
      const lost = [
        ...unread.map((name) => `${name} could not be read, so it was not looked for.`),
        ...notSearched.map((why) => `Not looked through: ${why}.`),
      ].map((line) => `${ui.paint('yellow', '!')} ${line}`);
      for (const name of tooShort)
        lost.push(
          `${ui.paint('dim', '·')} ${name} has fewer than eight characters, so it was not looked for.`,
        );
      if (leaks.length === 0)
        return [
          ...lost,
          searched.length > 0
            ? `${ui.paint('green', '✓')} ${plural(searched.length, 'secret')} looked for, none in ${notSearched.length > 0 ? 'what was looked through' : 'git or in files that others can read'}.`
            : 'There is no secret to look for.',
        ].join('\n');
      const lines = leaks.map(
        ({ secret, where, path }) =>
          `${ui.paint('red', '✗')} ${secret}: ${path}, in ${where === 'file' ? 'a file that others can read' : 'the history of git'}`,
      );
      const advice = [
        ...(leaks.some(({ where }) => where === 'file') ? ['→ Keep others out: chmod go-r FILE'] : []),
        ...(leaks.some(({ where }) => where === 'git history')
          ? [
              advised(
                ui,
                '→ What git has had is known to whoever has a clone: renew it (infractl secrets rotate NAME), then it is harmless there.',
              ),
            ]
          : []),
      ];
      return [...lost, ...lines, ...advice].join('\n');
    },
  };
}
