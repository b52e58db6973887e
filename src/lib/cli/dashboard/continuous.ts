import { Exit } from '../../base/errors.ts';
import { localTime } from '../../base/times.ts';
import {
  type Change,
  changesBetween,
  type Picture,
  thingsOf,
  verdictOf,
  verdictWords,
} from '../../monitoring/dashboard/index.ts';
import type { Ui } from '../terminal.ts';
import { changeText, dashboardJson, thingText } from '../views/dashboard-view.ts';
import type { View } from '../views/view.ts';

/** What ends a watch before its time. */
export type ExitOn = 'alarm' | 'unhealthy';

export interface WatchOrder {
  readonly exitOn: ExitOn | undefined;
  /** A line for each change is written here; absent where a screen shows all. */
  readonly write?: ((line: string) => void) | undefined;
  readonly json: boolean;
  readonly ui: Ui;
}

/** Why a watch ended. */
export type Because = ExitOn | 'time' | 'quit';

/** Follows pictures as they come: tells what has changed, and when what was waited for has happened. */
export class ChangeWatch {
  readonly #order: WatchOrder;
  #before: Picture | undefined;
  #told = false;
  #changes = 0;

  constructor(order: WatchOrder) {
    this.#order = order;
  }

  get changes(): number {
    return this.#changes;
  }

  /** @returns what the watch ends for, once it is so */
  see(picture: Picture): ExitOn | undefined {
    const { write } = this.#order;
    const all = Object.values(picture.panels).every((told) => told.at !== undefined || told.trouble);
    if (!this.#told) {
      // The first picture is told as a whole, once everything has answered.
      if (all) {
        this.#told = true;
        this.#before = picture;
        write?.(this.#first(picture));
      }
    } else {
      const changes = changesBetween(this.#before ?? picture, picture);
      this.#before = picture;
      this.#changes += changes.length;
      for (const change of changes) write?.(this.#line(change, picture.at));
    }
    return this.#reached(picture);
  }

  /** The last picture: where nothing was told so far, it is. */
  finish(picture: Picture): void {
    if (!this.#told) this.#order.write?.(this.#first(picture));
    this.#told = true;
  }

  #reached(picture: Picture): ExitOn | undefined {
    const { exitOn } = this.#order;
    if (exitOn === 'alarm')
      return picture.panels.alarms?.value?.some(({ alarm }) => alarm.state === 'ALARM') ? exitOn : undefined;
    return exitOn === 'unhealthy' && verdictOf(thingsOf(picture)) === 'unhealthy' ? exitOn : undefined;
  }

  #first(picture: Picture): string {
    if (this.#order.json) return JSON.stringify({ type: 'picture', ...dashboardJson(picture) });
    const { ui } = this.#order;
    const things = thingsOf(picture);
    const { project, environment } = picture.place;
    const told = things.filter(({ mood }) => mood === 'bad' || mood === 'unknown');
    return [
      `${stamp(ui, picture.at)} ${ui.paint('bold', `${project} ${environment}`)}: ${verdictWords(things)}`,
      ...told.map((thing) => `${stamp(ui, picture.at)} ${thingText(ui, thing)}`),
    ].join('\n');
  }

  #line(change: Change, at: number): string {
    const { json, ui } = this.#order;
    if (json) return JSON.stringify({ type: 'change', at: new Date(at).toISOString(), ...change });
    return `${stamp(ui, at)} ${changeText(ui, change)}`;
  }
}

const stamp = (ui: Ui, at: number) => ui.paint('dim', localTime(new Date(at).toISOString()));

/** How a watch ended: exit 8 for what it was to end on, 3 where something could not be looked at in the end. */
export function endedView(picture: Picture, because: Because, changes: number): View {
  const things = thingsOf(picture);
  const verdict = verdictOf(things);
  const bad = things.filter(({ mood, kind }) => mood === 'bad' && (because !== 'alarm' || kind === 'alarm'));
  const reached = because === 'alarm' || because === 'unhealthy';
  return {
    json: {
      because,
      verdict,
      at: new Date(picture.at).toISOString(),
      changes,
      bad: bad.map(({ kind, name, state, words }) => ({ kind, name, state, words })),
    },
    ...(reached ? { exit: Exit.unhealthy } : verdict === 'unknown' ? { exit: Exit.partial } : {}),
    text: (ui) => {
      const count = changes === 1 ? '1 change' : `${changes} changes`;
      if (!reached) return `Watched until the end: ${verdictWords(things)}, ${count}.`;
      return bad.map((thing) => thingText(ui, thing)).join('\n');
    },
  };
}
