import type { Command } from '@oclif/core/command';
import * as Flags from '@oclif/core/flags';
import { systemClock, throwIfAborted } from '../../base/clock.ts';
import { Interrupted } from '../../base/errors.ts';
import { duration } from '../../base/text.ts';
import type { DashboardDesk } from '../../desks/index.ts';
import { Ledger, type Picture, RANGE_NAMES, type RangeName } from '../../monitoring/dashboard/index.ts';
import { type Because, ChangeWatch, type ExitOn, endedView } from '../dashboard/continuous.ts';
import type { Ended } from '../dashboard/screen.ts';
import type { Leave } from '../dashboard/screen-model.ts';
import type { LogLine } from '../dashboard/screen-state.ts';
import { staySmall } from '../dashboard/small.ts';
import { painter } from '../terminal.ts';
import { dashboardView } from '../views/dashboard-view.ts';
import type { View } from '../views/view.ts';
import { HostCommand } from './host-command.ts';

/** Milliseconds that connections get to be closed in. */
const LAST_CALLS = 1_000;

export interface WatchedOrder {
  /** Milliseconds between two looks at what moves. */
  readonly every: number;
  /** Milliseconds after which it ends. */
  readonly length?: number | undefined;
  readonly exitOn?: ExitOn | undefined;
}

/** A command that watches everything of a project at once. */
export abstract class DashboardCommand<T extends typeof Command = typeof Command> extends HostCommand<T> {
  static override baseFlags = {
    ...HostCommand.baseFlags,
    range: Flags.string({
      description: 'How far back the charts go.',
      options: RANGE_NAMES,
      default: '3h',
      helpGroup: 'SHOW',
    }),
    html: Flags.string({
      description: 'Write it to a file that a browser opens without a network.',
      helpValue: 'FILE',
      helpGroup: 'SHOW',
    }),
  };

  #desk: DashboardDesk | undefined;

  get #given(): { range: RangeName; html?: string; 'accept-host-key'?: boolean } {
    return this.flags as unknown as { range: RangeName; html?: string; 'accept-host-key'?: boolean };
  }

  /** The file that was asked for. */
  protected get html(): string | undefined {
    return this.#given.html;
  }

  /** Whether a screen can be drawn and somebody can press its keys. */
  protected get hasScreen(): boolean {
    const { json } = this.flags as { json?: boolean };
    const free = !json && !this.debugging && this.html === undefined;
    return free && this.terminal.interactive && process.stdout.isTTY === true;
  }

  protected override get saysSilence(): boolean {
    return !this.hasScreen;
  }

  /**
   * Opened once. From here on Ctrl-C is the command's to handle.
   *
   * @param every milliseconds between two looks at what moves
   */
  protected async dashboard(
    every: number,
    signal: AbortSignal,
    onChange: () => void,
  ): Promise<DashboardDesk> {
    const ledger = new Ledger(systemClock.now());
    this.onCall = ({ action }) => ledger.call(action);
    const [{ openDashboardDesk }, { project, variable }] = await Promise.all([
      import('../../desks/index.ts'),
      this.project(),
    ]);
    const { range } = this.#given;
    const deps = {
      ...this.typed(),
      session: () => this.session(),
      variable,
      signal,
      clock: systemClock,
      ledger,
      onChange,
      // A question in the midst of a screen could not be read: a new key is refused in words.
      ...(this.#given['accept-host-key'] ? { trust: async () => true } : {}),
    };
    this.#desk = await openDashboardDesk(deps, project, { range, every });
    return this.#desk;
  }

  /** One look at everything, as it is shown or written. */
  protected async lookedAt(every: number): Promise<View> {
    const desk = await this.dashboard(every, this.interrupts.watch(), () => {});
    const picture = await desk.once();
    throwIfAborted(this.interrupts.watch());
    const { html } = this;
    const view = dashboardView(picture);
    if (html === undefined) return view;
    const { writeReport, reportView } = await import('../dashboard/report-file.ts');
    return reportView(view, await writeReport(html, picture, (text) => this.redactor.redact(text)));
  }

  /** Looks again and again: on a screen, or with a line for each change. */
  protected async watched({ every, length, exitOn }: WatchedOrder): Promise<View> {
    staySmall();
    const interrupted = this.interrupts.watch();
    const end = new AbortController();
    interrupted.addEventListener('abort', () => end.abort(interrupted.reason), { once: true });
    const ui = { paint: painter(this.terminal.colourOut), columns: Number.POSITIVE_INFINITY };
    const { json } = this.flags as { json: boolean };
    const write = (line: string) => void process.stdout.write(`${this.redactor.redact(line)}\n`);
    const watch = new ChangeWatch({ exitOn, json, ui, ...(this.hasScreen ? {} : { write }) });
    const report = await this.#reporting(every, (error) => end.abort(error));
    let because: Because | undefined;
    const stop = (why: Because) => {
      if (end.signal.aborted) return;
      because = why;
      end.abort();
    };
    const over = new Promise((resolve) => end.signal.addEventListener('abort', resolve, { once: true }));
    let changed = () => {};
    const desk = await this.dashboard(every, end.signal, () => {
      changed();
      const { picture, hopeless } = desk;
      if (hopeless) end.abort(hopeless);
      const reached = watch.see(picture);
      report?.(picture);
      if (reached) stop(reached);
    });
    if (length !== undefined)
      systemClock.sleep(length, end.signal).then(
        () => stop('time'),
        () => {},
      );
    desk.run().catch((error: unknown) => end.abort(error));
    if (this.hasScreen) {
      const listen = (listener: () => void) => {
        changed = listener;
      };
      const ended = await this.#screen(desk, end.signal, listen);
      changed = () => {};
      if (ended === 'interrupt') end.abort(new Interrupted());
      else stop('quit');
    } else if (!json) this.say(`Watching every ${duration(every)}; Ctrl-C ends it.`);
    await over;
    if (because === undefined) throw end.signal.reason;
    watch.finish(desk.picture);
    return endedView(desk.picture, because, watch.changes);
  }

  /** Draws the desk until a key or a signal ends it. */
  async #screen(
    desk: DashboardDesk,
    signal: AbortSignal,
    listen: (changed: () => void) => void,
  ): Promise<Ended> {
    const [{ showScreen }, { ScreenModel }] = await Promise.all([
      import('../dashboard/screen.ts'),
      import('../dashboard/screen-model.ts'),
    ]);
    const deps = {
      picture: () => desk.picture,
      paint: painter(this.terminal.colourOut),
      lead: this.lead,
      redact: (text: string) => this.redactor.redact(text),
      choose: (range: RangeName) => desk.choose(range),
      refresh: () => desk.refresh(),
      logs: (name: string) => this.#logs(desk, name, signal),
    };
    const open = (leave: (how: Leave) => void) => {
      const model = new ScreenModel(deps, leave);
      listen(model.changed);
      return model;
    };
    return showScreen({ signal, open });
  }

  /** Keeps the report of `--html` as fresh as the picture. */
  async #reporting(
    every: number,
    onFailure: (error: unknown) => void,
  ): Promise<((picture: Picture) => void) | undefined> {
    const { html } = this;
    if (html === undefined) return undefined;
    const { ReportKeeper } = await import('../dashboard/report-file.ts');
    const keeper = new ReportKeeper(html, every, (text) => this.redactor.redact(text), onFailure);
    return (picture) => keeper.see(picture);
  }

  async #logs(desk: DashboardDesk, name: string, signal: AbortSignal): Promise<LogLine[]> {
    const [events, { logRows }] = await Promise.all([
      desk.logs(name, signal),
      import('../dashboard/log-rows.ts'),
    ]);
    return logRows(events, (text) => this.redactor.redact(text));
  }

  protected override async finally(): Promise<void> {
    // A call that is under way in a network that is gone must not keep whoever wants to leave.
    await Promise.race([this.#desk?.close().catch(() => {}), systemClock.sleep(LAST_CALLS)]);
    await super.finally();
  }
}
