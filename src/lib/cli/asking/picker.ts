import {
  createPrompt,
  isDownKey,
  isEnterKey,
  isUpKey,
  makeTheme,
  useEffect,
  useKeypress,
  useMemo,
  usePagination,
  usePrefix,
  useState,
} from '@inquirer/core';

import type { questionTheme } from './theme.ts';

/** A choice, or a heading between choices. */
export type Pickable<T> = string | { readonly name: string; readonly short: string; readonly value: T };

export interface PickOptions<T> {
  readonly message: string;
  /** Lines above the question. */
  readonly head: string;
  /** Takes the place of the last of them when it comes; until then the choices are there. */
  readonly later?: Promise<string | undefined> | undefined;
  /** What a typed term leaves. */
  readonly found: (term: string) => readonly Pickable<T>[];
  /** How many lines of choices are shown at once. */
  readonly lines: number;
  readonly theme?: ReturnType<typeof questionTheme>;
}

/** One of many, found by typing or by the arrows, below a head that may change while it is looked at. */
export const pick = createPrompt<unknown, PickOptions<unknown>>((options, done) => {
  const theme = makeTheme(options.theme);
  const [term, setTerm] = useState('');
  const [moved, setMoved] = useState<number | undefined>(undefined);
  const [head, setHead] = useState(options.head);
  const [over, setOver] = useState('');
  const prefix = usePrefix({ status: over ? 'done' : 'idle', theme });
  const items = useMemo(() => options.found(term), [term]);
  const places = items.flatMap((item, at) => (typeof item === 'string' ? [] : [at]));
  const active = moved !== undefined && places.includes(moved) ? moved : (places[0] ?? 0);

  useEffect(() => {
    let here = true;
    void options.later?.then((line) => {
      if (here && line !== undefined) setHead([...options.head.split('\n').slice(0, -1), line].join('\n'));
    });
    return () => {
      here = false;
    };
  }, []);

  useKeypress((key, line) => {
    const chosen = items[active];
    if (isEnterKey(key)) {
      if (chosen === undefined || typeof chosen === 'string') return void line.write(term);
      setOver(chosen.short);
      done(chosen.value);
    } else if (isUpKey(key) || isDownKey(key)) {
      line.clearLine(0);
      line.write(term);
      const at = places.indexOf(active) + (isUpKey(key) ? -1 : 1);
      setMoved(places[Math.min(Math.max(at, 0), places.length - 1)]);
    } else if (line.line !== term) {
      setTerm(line.line);
      setMoved(undefined);
    }
  });

  const page = usePagination({
    items,
    active,
    pageSize: options.lines,
    loop: false,
    renderItem: ({ item, isActive }) => {
      if (typeof item === 'string') return ` ${theme.style.help(item)}`;
      return isActive ? theme.style.highlight(`❯ ${item.name}`) : `  ${item.name}`;
    },
  });
  const question = `${prefix} ${theme.style.message(options.message, over ? 'done' : 'idle')}`;
  if (over) return `${question} ${theme.style.answer(over)}`;
  const nothing = theme.style.error('Nothing is called that.');
  return [
    [head, `${question} ${term}`].filter(Boolean).join('\n'),
    `${items.length > 0 ? page : nothing}\n${theme.style.help('type to find · ↑↓ · enter · Ctrl-C leaves')}`,
  ];
}) as <T>(options: PickOptions<T>, context?: { output: NodeJS.WritableStream }) => Promise<T>;
