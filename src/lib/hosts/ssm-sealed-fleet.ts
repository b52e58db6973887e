import { randomBytes } from 'node:crypto';
import type { InfractlError } from '../base/errors.ts';
import type { FleetCommand, FleetOutcome, FleetPort } from './port.ts';
import { quoteWords } from './quote.ts';
import { crossingNeeded, INLINE, LONGEST_SECONDS, type SsmDeps, type SsmTarget } from './ssm.ts';
import { MOST_TOGETHER, runTogether } from './ssm-engine.ts';
import type { Crossing } from './ssm-port.ts';
import { followRun } from './ssm-run.ts';
import { bringScript, forgetScript, keyScript, runScript, type SealedInput } from './ssm-scripts.ts';
import { keyLabel, newContent, type Seal, sealsFor } from './ssm-seal.ts';
import { noOpenssl, notBegun, notFetched } from './ssm-words.ts';

/** Seconds that a script of our own may take. */
const SHORT = 120;
const BRINGING = 900;
/** Of up to so many at a time what they print is shown while they print it; of more, at the end of each. */
const HANDFUL = 5;

/** Several instances of Systems Manager as one fleet: see `FleetPort`. Nothing is asked of them yet. */
export function openFleet(deps: SsmDeps & { readonly signal: AbortSignal }): FleetPort {
  return new SsmFleet(deps);
}

/**
 * What all of them read is closed once, with a key of its own; that key travels sealed for each of them, in the one
 * command. What is too large for a command lies in a bucket, from where all fetch it before the first one begins:
 * by its turn a URL could have expired.
 */
class SsmFleet implements FleetPort {
  readonly #deps: SsmDeps & { readonly signal: AbortSignal };
  readonly #folder = `/run/infractl-ssm-${randomBytes(8).toString('hex')}`;
  /** Instance → the public half of its key for this connection. */
  readonly #keys = new Map<string, string>();
  #crossing: Promise<Crossing> | undefined;

  constructor(deps: SsmDeps & { readonly signal: AbortSignal }) {
    this.#deps = deps;
  }

  async run(targets: readonly SsmTarget[], command: FleetCommand): Promise<FleetOutcome[]> {
    const outcomes: FleetOutcome[] = [];
    let { errors } = command;
    for (let at = 0; at < targets.length; at += MOST_TOGETHER) {
      const some = targets.slice(at, at + MOST_TOGETHER);
      const ended = errors < 0 ? unbegun(some) : await this.#some(some, { ...command, errors });
      outcomes.push(...ended);
      errors -= failuresOf(ended);
    }
    return outcomes;
  }

  async #some(targets: readonly SsmTarget[], command: FleetCommand): Promise<FleetOutcome[]> {
    const mark = randomBytes(6).toString('hex');
    const content = newContent();
    const input = content.close(command.input);
    const large = input.length > INLINE;
    const early = await this.#meet(targets);
    if (large) early.push(...(await this.#bring(rest(targets, early), mark, input)));
    const errors = command.errors - early.length;
    const ready = rest(targets, early);
    if (errors < 0) return [...early, ...unbegun(ready)];
    if (ready.length === 0) return early;
    const where = large ? { file: mark } : { text: Buffer.from(input).toString('base64') };
    const ended = await this.#go(ready, { ...command, errors }, { mark, where, key: content.key });
    this.#forget(ended, ready);
    return [...early, ...ended];
  }

  async #go(
    targets: readonly SsmTarget[],
    command: FleetCommand,
    {
      mark,
      where,
      key,
    }: { readonly mark: string; readonly where: SealedInput['input']; readonly key: string },
  ): Promise<FleetOutcome[]> {
    const { argv, concurrency, errors, signal, grace, keep, onBegin, onLine, onSent } = command;
    const keys = targets.map(({ instance }) => this.#keys.get(instance) ?? '');
    const seals = new Map(sealsFor(keys).map((seal, at) => [targets[at]?.instance, seal]));
    const wrapped = targets.map(({ instance }, at) => ({
      label: keyLabel(keys[at] ?? ''),
      key: Buffer.from((seals.get(instance) as Seal).close(Buffer.from(key))).toString('base64'),
    }));
    const [{ envelope }] = [...seals.values()] as [Seal];
    const sealed = { envelope, input: where, wrapped };
    return runTogether(
      targets,
      {
        script: runScript({ folder: this.#folder, mark, argv, sealed, watched: 0, together: true }),
        comment: `infractl: ${quoteWords(argv)}`,
        seconds: LONGEST_SECONDS,
        concurrency: String(concurrency),
        errors: String(errors),
        mostUndelivered: errors,
        signal,
        ...(onSent ? { sent: onSent } : {}),
        follow: (target, id, stop) => {
          onBegin(target.name);
          const tell = (line: string, stream: 'stdout' | 'stderr') => onLine(target.name, line, stream);
          return followRun(this.#place(target), {
            mark,
            id,
            seal: seals.get(target.instance),
            quiet: Math.min(concurrency, targets.length) > HANDFUL,
            command: { argv, signal: stop, grace, keep, onLine: tell },
          });
        },
      },
      this.#deps,
    );
  }

  /** Those that have another key by now are asked for it again when they are next in turn. */
  #forget(ended: readonly FleetOutcome[], targets: readonly SsmTarget[]): void {
    for (const one of ended)
      if ('error' in one && one.error.code === 'HostKeyLost')
        for (const { name, instance } of targets) if (name === one.host) this.#keys.delete(instance);
  }

  /** Each makes a key for this connection and shows its public half; those that do not are given back. */
  async #meet(targets: readonly SsmTarget[]): Promise<FleetOutcome[]> {
    const strangers = targets.filter(({ instance }) => !this.#keys.has(instance));
    if (strangers.length === 0) return [];
    const script = keyScript(this.#folder);
    const shown = await this.#short(strangers, script, 'infractl: a key for this connection', SHORT);
    const byName = new Map(strangers.map(({ name, instance }) => [name, instance]));
    return shown.flatMap((one) => {
      if ('error' in one) return [one];
      if (one.result.exitCode !== 0) return [{ host: one.host, error: noOpenssl(one.host) }];
      this.#keys.set(byName.get(one.host) ?? '', one.result.stdout);
      return [];
    });
  }

  /** All of them fetch what is sealed, at the same time; those that cannot are given back. */
  async #bring(targets: readonly SsmTarget[], mark: string, input: Uint8Array): Promise<FleetOutcome[]> {
    if (targets.length === 0) return [];
    const url = await (await this.#bucket()).give(input);
    const script = bringScript({ folder: this.#folder, mark }, url, mark);
    const brought = await this.#short(targets, script, 'infractl: bringing the input', BRINGING);
    return brought.flatMap((one) => {
      if ('error' in one) return [one];
      return one.result.exitCode === 0 ? [] : [{ host: one.host, error: notFetched(one.host) }];
    });
  }

  #short(targets: readonly SsmTarget[], script: string, comment: string, seconds: number) {
    const { signal } = this.#deps;
    return runTogether(
      targets,
      {
        script,
        comment,
        seconds,
        concurrency: String(MOST_TOGETHER),
        errors: String(MOST_TOGETHER),
        signal,
        follow: (target, id, stop) =>
          followRun(this.#place(target), {
            mark: 'short',
            id,
            bare: true,
            command: { argv: ['sh'], signal: stop },
          }),
      },
      this.#deps,
    );
  }

  #place({ name, instance }: SsmTarget) {
    const { port, clock, crossing } = this.#deps;
    const place = { name, instance, folder: this.#folder, port, clock };
    return crossing ? { ...place, crossing: () => this.#bucket() } : place;
  }

  #bucket(): Promise<Crossing> {
    this.#crossing ??= this.#deps.crossing?.() ?? Promise.reject(crossingNeeded('The fleet'));
    return this.#crossing;
  }

  async close(): Promise<void> {
    const instances = [...this.#keys.keys()];
    this.#keys.clear();
    const script = forgetScript(this.#folder);
    const chunks = Array.from({ length: Math.ceil(instances.length / MOST_TOGETHER) }, (_, at) =>
      instances.slice(at * MOST_TOGETHER, (at + 1) * MOST_TOGETHER),
    );
    const swept = chunks.map((some) =>
      this.#deps.port.send({ instances: some, script, comment: 'infractl: done', seconds: 60 }),
    );
    const cleared = this.#crossing?.then((one) => one.clear());
    this.#crossing = undefined;
    // What cannot be swept now goes with the next command after a day; nobody waits for it.
    await Promise.allSettled([...swept, cleared]);
  }
}

function rest(targets: readonly SsmTarget[], outcomes: readonly FleetOutcome[]): SsmTarget[] {
  const had = new Set(outcomes.map(({ host }) => host));
  return targets.filter(({ name }) => !had.has(name));
}

function unbegun(targets: readonly SsmTarget[]): FleetOutcome[] {
  return targets.map(({ name, instance }) => ({ host: name, error: notBegun(name, instance) }));
}

/** What was not begun has not failed. */
function failuresOf(outcomes: readonly FleetOutcome[]): number {
  const failed = (one: FleetOutcome): boolean =>
    'error' in one ? !isNotBegun(one.error) : one.result.exitCode !== 0;
  return outcomes.filter(failed).length;
}

function isNotBegun({ code }: InfractlError): boolean {
  return code === 'HostNotBegun';
}
