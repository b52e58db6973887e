import type { Command } from '@oclif/core/command';
import * as Flags from '@oclif/core/flags';
import { systemClock } from '../../base/clock.ts';
import { UsageError } from '../../base/errors.ts';
import type { LogDesk } from '../../desks/index.ts';
import type { PricedItem, Quote } from '../../prices/index.ts';
import { isReference } from '../../project/model.ts';
import { whenOf } from '../flags/when-flag.ts';
import { Reading } from '../views/log-reading.ts';
import { HostCommand } from './host-command.ts';

/** Milliseconds that somebody waits before asking whether it goes on at all. */
const PATIENCE = 5_000;

/** From when on logs are read. */
export const sinceFlag = (time: string) =>
  Flags.string({
    description: 'From when on: 5m, 1h30m, "2 hours ago", "yesterday 14:00", ISO 8601.',
    default: time,
    helpGroup: 'TIME',
  });

/** Which events are read, where a command reads them itself. */
export const filterFlag = Flags.string({
  description: 'A filter pattern of CloudWatch Logs, applied by AWS: ERROR, { $.status = 500 }.',
  helpGroup: 'CHOOSE',
});

/** A command that reads logs in a window of time. */
export abstract class LogCommand<T extends typeof Command = typeof Command> extends HostCommand<T> {
  static override baseFlags = {
    ...HostCommand.baseFlags,
    since: sinceFlag('10m'),
    until: Flags.string({ description: 'Up to when; written as --since.', helpGroup: 'TIME' }),
  };

  get #window(): { since: string; until?: string; filter?: string } {
    return this.flags as unknown as { since: string; until?: string; filter?: string };
  }

  /** @throws UsageError `BadTime` */
  protected times(now: number): { readonly from: number; readonly to: number | undefined } {
    const { since, until } = this.#window;
    const from = whenOf('--since', since, now);
    const to = until === undefined ? undefined : whenOf('--until', until, now);
    if (to !== undefined && to <= from) {
      throw new UsageError({
        code: 'BadTime',
        message: '--until is not after --since.',
        suggestions: [`--since is ${new Date(from).toISOString()}, --until ${new Date(to).toISOString()}.`],
      });
    }
    return { from, to };
  }

  protected get pattern(): string | undefined {
    return this.#window.filter;
  }

  /** Where and how events are printed: on standard output, they are the result. */
  protected output() {
    return {
      colour: this.terminal.colourOut,
      terminal: process.stdout.isTTY === true,
      columns: process.stdout.isTTY ? process.stdout.columns || 80 : Number.POSITIVE_INFINITY,
      write: (text: string) => void process.stdout.write(this.redactor.redact(text)),
    };
  }

  /** Reads with somebody at a terminal told how far it is, as long as nothing else is to be seen. */
  protected async reading<T>(read: (reading: Reading) => Promise<T>): Promise<T> {
    const reading = new Reading();
    if (process.stderr.isTTY !== true) return read(reading);
    const timer = setInterval(() => {
      const news = reading.news();
      if (news) this.say(news);
    }, PATIENCE);
    try {
      return await read(reading);
    } finally {
      clearInterval(timer);
    }
  }

  /** When what was printed has been taken: what waits for a slow reader is kept in memory. */
  protected taken(): Promise<void> | undefined {
    const { stdout } = process;
    if (!stdout.writableNeedDrain) return undefined;
    return new Promise((resolve) => void stdout.once('drain', () => resolve()));
  }

  /** What AWS asks for it in the session's region, where that is known. */
  protected async price(item: PricedItem): Promise<Quote | undefined> {
    const [session, { openPrices }] = await Promise.all([this.session(), import('../../desks/index.ts')]);
    const prices = await openPrices(session, { clock: systemClock, env: process.env });
    return prices.quote(session.region, item);
  }

  /** From here on Ctrl-C is the command's to handle. */
  protected async logDesk(): Promise<LogDesk> {
    const [{ openLogDesk }, project] = await Promise.all([import('../../desks/index.ts'), this.glance()]);
    const session = () => this.session();
    const named = [...project.functions.values()].map(({ functionName }) => functionName);
    const variables = named.some((name) => isReference(name) && 'env' in name);
    const variable = variables ? (await this.project()).variable : (name: string) => process.env[name];
    const { redactor } = this;
    const signal = this.interrupts.watch();
    const hosts = () => this.hostDesk();
    return openLogDesk({ session, clock: systemClock, signal, redactor, variable, hosts }, project);
  }
}
