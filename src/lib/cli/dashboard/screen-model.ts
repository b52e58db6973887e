import type { Lead } from '../../base/led.ts';
import type { Picture, RangeName } from '../../monitoring/dashboard/index.ts';
import type { Paint } from '../terminal.ts';
import { type Frame, frameOf, type Size } from './screen-lines.ts';
import {
  type Effect,
  FIRST_STATE,
  type LogLine,
  type Press,
  press,
  type ScreenState,
} from './screen-state.ts';

/** A log is read anew so often, where that takes no longer than is quick. Milliseconds. */
const ANEW = 10_000;
const QUICK = 1_000;

export interface ScreenDeps {
  readonly picture: () => Picture;
  readonly paint: Paint;
  /** Leads what is advised to the place of this command. */
  readonly lead: Lead;
  /** Takes secrets out of a text. */
  readonly redact: (text: string) => string;
  readonly choose: (range: RangeName) => void;
  readonly refresh: () => void;
  /** Lines for people, oldest first. */
  readonly logs: (name: string) => Promise<readonly LogLine[]>;
}

/** What becomes of the screen itself. */
export type Leave = Extract<Effect['do'], 'quit' | 'interrupt' | 'suspend'>;

/** What is on the screen now, whoever draws it. */
export class ScreenModel {
  readonly #deps: ScreenDeps;
  readonly #leave: (how: Leave) => void;
  readonly #listeners = new Set<() => void>();
  #state: ScreenState = FIRST_STATE;
  #version = 0;
  /** The log that is being read: the answer to an older question is not shown. */
  #reading = 0;
  /** When a log was asked for last, and for how long; milliseconds. The length is unknown while it is read. */
  #read: { readonly at: number; readonly took?: number } | undefined;

  constructor(deps: ScreenDeps, leave: (how: Leave) => void) {
    this.#deps = deps;
    this.#leave = leave;
  }

  /** Rises with every change: what a frame is made of is asked for when it is drawn. */
  readonly version = (): number => this.#version;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly changed = (): void => {
    this.#version++;
    for (const listener of this.#listeners) listener();
  };

  /** Called every few seconds: ages grow, and a log whose end is looked at goes on, if that is quickly done. */
  readonly tick = (): void => {
    const { overlay } = this.#state;
    const now = this.#deps.picture().at;
    const { at, took } = this.#read ?? {};
    const isDue = at !== undefined && took !== undefined && took <= QUICK && now - at >= ANEW;
    if (overlay?.kind === 'logs' && overlay.name !== '' && overlay.scroll === 0 && isDue)
      void this.#readLog(overlay.name);
    this.changed();
  };

  frame(size: Size): Frame {
    const { picture, paint, redact, lead } = this.#deps;
    const frame = frameOf({ picture: picture(), state: this.#state, size, paint, lead });
    return { ...frame, left: frame.left.map(redact), right: frame.right.map(redact) };
  }

  press(key: Press, size: Size): void {
    const { state, effect } = press(this.#state, key, this.frame(size).shown);
    this.#state = state;
    if (effect) this.#carryOut(effect);
    this.changed();
  }

  #carryOut(effect: Effect): void {
    if (effect.do === 'range') this.#deps.choose(effect.range);
    else if (effect.do === 'refresh') this.#deps.refresh();
    else if (effect.do === 'logs') void this.#readLog(effect.name);
    else this.#leave(effect.do);
  }

  async #readLog(name: string): Promise<void> {
    const reading = ++this.#reading;
    const began = this.#deps.picture().at;
    this.#read = { at: began };
    const found = await this.#deps.logs(name).then(
      (lines) => ({ lines, trouble: undefined }),
      (error: unknown) => ({
        lines: undefined,
        trouble: error instanceof Error ? error.message : String(error),
      }),
    );
    if (reading === this.#reading) this.#read = { at: began, took: this.#deps.picture().at - began };
    const { overlay } = this.#state;
    if (reading !== this.#reading || overlay?.kind !== 'logs' || overlay.name !== name) return;
    this.#state = { ...this.#state, overlay: { ...overlay, ...found } };
    this.changed();
  }
}
