import { rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { messageOf, UsageError } from '../../base/errors.ts';
import { bytes } from '../../base/text.ts';
import type { Picture } from '../../monitoring/dashboard/index.ts';
import { dashboardHtml } from '../views/dashboard-html.ts';
import type { View } from '../views/view.ts';

type Redact = (text: string) => string;

/** A report that was written. */
export interface Written {
  readonly file: string;
  readonly bytes: number;
}

/**
 * Writes the picture as a page of its own. A browser that reads it meanwhile sees the old one or the new one.
 *
 * @param again seconds after which a browser reads it anew
 * @throws UsageError `FileNotWritten`
 */
export async function writeReport(
  file: string,
  picture: Picture,
  redact: Redact,
  again?: number,
): Promise<Written> {
  const text = redact(dashboardHtml(picture, again));
  const target = path.resolve(file);
  const beside = `${target}.${process.pid}`;
  try {
    await writeFile(beside, text);
    await rename(beside, target);
  } catch (error) {
    await rm(beside, { force: true }).catch(() => {});
    throw new UsageError({
      code: 'FileNotWritten',
      message: `The report could not be written to ${file}.`,
      why: messageOf(error),
      suggestions: ['Give --html a file in a folder that is there and that you may write to.'],
    });
  }
  return { file: target, bytes: Buffer.byteLength(text) };
}

/** The same view, told as the file that was written. */
export function reportView(view: View, written: Written): View {
  return {
    json: { ...(view.json as object), report: written },
    ...(view.exit === undefined ? {} : { exit: view.exit }),
    text: () => `Written: ${written.file}, ${bytes(written.bytes)}. It opens in a browser without a network.`,
  };
}

/** A report that is written anew with every round of looks. */
export class ReportKeeper {
  readonly #file: string;
  readonly #every: number;
  readonly #redact: Redact;
  readonly #onFailure: (error: unknown) => void;
  #writing: Promise<unknown> | undefined;
  #written = Number.NEGATIVE_INFINITY;

  /** @param every milliseconds from one to the next */
  constructor(file: string, every: number, redact: Redact, onFailure: (error: unknown) => void) {
    this.#file = file;
    this.#every = every;
    this.#redact = redact;
    this.#onFailure = onFailure;
  }

  /** Writes where the last one is old enough and every panel has something to say. */
  see(picture: Picture): void {
    const panels = Object.values(picture.panels);
    const whole = panels.every((told) => told.at !== undefined || told.trouble);
    if (!whole || this.#writing || picture.at - this.#written < this.#every * 0.9) return;
    this.#written = picture.at;
    this.#writing = writeReport(this.#file, picture, this.#redact, this.#every / 1000)
      .catch(this.#onFailure)
      .finally(() => {
        this.#writing = undefined;
      });
  }
}
