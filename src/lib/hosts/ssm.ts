import { randomBytes } from 'node:crypto';
import type { Readable, Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { underneath } from '../aws/errors.ts';
import { type Clock, throwIfAborted } from '../base/clock.ts';
import { isInfractlError, UsageError } from '../base/errors.ts';
import type { SsmReach } from '../project/model.ts';
import { downloadTo, uploadFrom } from './copy.ts';
import type { CopyOptions, HostCommand, HostPort, HostResult } from './port.ts';
import { quoteWords } from './quote.ts';
import type { Crossing, SsmPort } from './ssm-port.ts';
import { followRun, type RunPlace } from './ssm-run.ts';
import { forgetScript, keyScript, runScript } from './ssm-scripts.ts';
import { newSeal, type Seal } from './ssm-seal.ts';
import { noOpenssl, notManaged } from './ssm-words.ts';

/** An instance that Systems Manager reaches. */
export interface SsmTarget {
  /** The host's name in infractl.yaml. */
  readonly name: string;
  readonly instance: string;
  readonly reach: SsmReach;
}

export interface SsmDeps {
  readonly port: SsmPort;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  /** Where large input and output crosses; opened on first need. Without it large output takes longer. */
  readonly crossing?: () => Promise<Crossing>;
}

/** Sealed input of so many bytes still fits into a command's own parameters. */
export const INLINE = 32_768;
/** What AWS-RunShellScript takes at most: two days. Those who are gone are noticed sooner. */
export const LONGEST_SECONDS = 172_800;
/** After two minutes without a sign from this machine a command is stopped on the host: more than so many whole ones. */
const WATCHED = 1;

/**
 * An instance that is worked on through Run Command of Systems Manager: no open port, no key, the instance's role
 * and the caller's rights decide. Nothing is asked of it yet.
 */
export function openSsm(target: SsmTarget, deps: SsmDeps): HostPort {
  return new SsmHost(target, deps);
}

interface Streams {
  readonly input?: string | Uint8Array | Readable;
  readonly output?: Writable;
}

class SsmHost implements HostPort {
  readonly name: string;
  readonly where: string;
  readonly #deps: SsmDeps;
  readonly #reach: SsmReach;
  readonly #place: RunPlace;
  #key: Promise<string> | undefined;
  #crossing: Promise<Crossing> | undefined;

  constructor({ name, instance, reach }: SsmTarget, deps: SsmDeps) {
    this.name = name;
    this.where = instance;
    this.#deps = deps;
    this.#reach = reach;
    const { port, clock } = deps;
    const folder = `/run/infractl-ssm-${randomBytes(8).toString('hex')}`;
    this.#place = {
      name,
      instance,
      folder,
      port,
      clock,
      ...(deps.crossing ? { crossing: () => this.#bucket() } : {}),
    };
  }

  run(command: HostCommand): Promise<HostResult> {
    return this.#run(command, command.input === undefined ? {} : { input: command.input });
  }

  async #run(command: HostCommand, { input, output }: Streams): Promise<HostResult> {
    throwIfAborted(command.signal);
    const mark = randomBytes(6).toString('hex');
    const seal = input === undefined && output === undefined ? undefined : newSeal(await this.#publicKey());
    const script = runScript({
      folder: this.#place.folder,
      mark,
      argv: command.argv,
      user: command.sudo ? undefined : this.#reach.user,
      watched: WATCHED,
      ...(seal
        ? { sealed: { envelope: seal.envelope, input: await this.#enclose(seal, await bytesOf(input)) } }
        : {}),
    });
    throwIfAborted(command.signal);
    const id = await this.#send(script, `infractl: ${quoteWords(command.argv)}`, seconds(command));
    return followRun(this.#place, { mark, id, seal, command, output });
  }

  async #send(script: string, comment: string, runSeconds: number): Promise<string> {
    const { instance, port, clock } = this.#place;
    try {
      return await port.send({ instances: [instance], script, comment, seconds: runSeconds });
    } catch (error) {
      if (!isInfractlError(error) || underneath(error).name !== 'InvalidInstanceId') throw error;
      throw notManaged(this.name, instance, (await port.managed([instance])).get(instance), clock);
    }
  }

  async #enclose(seal: Seal, bytes: Uint8Array): Promise<{ text: string } | { url: string }> {
    const closed = seal.close(bytes);
    if (closed.length <= INLINE) return { text: Buffer.from(closed).toString('base64') };
    return { url: await (await this.#bucket()).give(closed) };
  }

  /** The host's key for this connection, made when something is to be sealed for the first time. */
  #publicKey(): Promise<string> {
    this.#key ??= this.#makeKey();
    return this.#key;
  }

  async #makeKey(): Promise<string> {
    const id = await this.#send(keyScript(this.#place.folder), 'infractl: a key for this connection', 120);
    const { exitCode, stdout } = await followRun(this.#place, {
      mark: 'key',
      id,
      bare: true,
      command: { argv: ['openssl'], signal: this.#deps.signal },
    });
    if (exitCode !== 0) throw noOpenssl(this.name);
    return stdout;
  }

  #bucket(): Promise<Crossing> {
    const { crossing } = this.#deps;
    if (!crossing) throw crossingNeeded(this.name);
    this.#crossing ??= crossing();
    return this.#crossing;
  }

  upload(from: string, to: string, options: CopyOptions = {}): Promise<void> {
    return uploadFrom((command, more) => this.#run(command, more), this, from, to, options);
  }

  download(from: string, to: string, options: CopyOptions = {}): Promise<void> {
    return downloadTo((command, more) => this.#run(command, more), this, from, to, options);
  }

  async close(): Promise<void> {
    const [key, crossing] = [this.#key, this.#crossing];
    this.#key = undefined;
    this.#crossing = undefined;
    const { port, instance, folder } = this.#place;
    const order = {
      instances: [instance],
      script: forgetScript(folder),
      comment: 'infractl: done',
      seconds: 60,
    };
    const swept = key?.then(() => port.send(order));
    const cleared = crossing?.then((one) => one.clear());
    // What cannot be swept now goes with the next command after a day; nobody waits for it.
    await Promise.allSettled([swept, cleared]);
  }
}

export function crossingNeeded(name: string): UsageError {
  return new UsageError({
    code: 'BucketNeeded',
    message: `What ${name} is to be given is too large for Systems Manager without a bucket of a project.`,
    suggestions: ['Do it in the folder of a project.'],
  });
}

async function bytesOf(input: Streams['input']): Promise<Uint8Array> {
  if (input === undefined) return new Uint8Array();
  if (typeof input === 'string') return Buffer.from(input);
  return input instanceof Uint8Array ? input : buffer(input);
}

function seconds({ timeout, grace = 0 }: HostCommand): number {
  return timeout ? Math.min(LONGEST_SECONDS, Math.ceil((timeout + grace) / 1000) + 120) : LONGEST_SECONDS;
}
