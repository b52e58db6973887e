import { type Clock, systemClock } from '../base/clock.ts';
import { isInfractlError } from '../base/errors.ts';
import type { HostPart, Project } from '../project/model.ts';
import type { HostDeskDeps } from './host-desk.ts';
import { KeptHosts } from './kept-hosts.ts';

/** Why a machine that is just being made may not let anybody in yet. */
const NOT_YET = /^(HostUnreachable|HostConnectionLost|HostNotManaged|InstanceNotFound|NoAddress)$/;
/** sshd may answer before cloud-init has put the user's key in its place. Milliseconds. */
const LOGIN = 90_000;
/** Milliseconds. */
const PAUSE = 3_000;
/** A machine lets its user in some time before it shows its keys, at the end of its first start. Milliseconds. */
const CONSOLE = 120_000;
/** A first start installs what the machine's user data says, in milliseconds. */
const BOOT = 900_000;

/** Hosts some of which may just be starting for the first time. One connection each. */
export class FreshHosts extends KeptHosts {
  readonly #signal: AbortSignal;
  readonly #clock: Clock;
  #patient = false;
  #told: (status: string) => void = () => {};

  constructor(deps: HostDeskDeps, project: Project, clock: Clock = systemClock) {
    super(deps, project);
    this.#signal = deps.signal;
    this.#clock = clock;
  }

  /**
   * Connects, and waits so long for a machine that is being made: until it runs, answers, and lets its user in.
   *
   * @param patience milliseconds; 0: it is there, or it is not
   */
  async reach(part: HostPart, patience: number, told: (status: string) => void): Promise<void> {
    const began = this.#clock.now();
    this.#patient ||= patience > 0;
    this.#told = told;
    for (;;) {
      try {
        const port = await this.open(part);
        // Systems Manager has no connection: only a command tells whether it reaches the machine.
        if (patience > 0) await port.run({ argv: ['true'], signal: this.#signal });
        return;
      } catch (error) {
        await this.forget(part.name);
        if (this.#clock.now() - began >= Math.min(patience, worth(error))) throw error;
        told(`waiting for the host ${part.name} to start`);
        await this.#clock.sleep(PAUSE, this.#signal);
      }
    }
  }

  /** AWS has the console of a machine some time after it was written; where it may not be read it is not waited for. */
  protected override async keysOnConsole(machine: string): Promise<readonly string[] | undefined> {
    for (const until = this.#clock.now() + (this.#patient ? CONSOLE : 0); ; ) {
      const shown = await super.keysOnConsole(machine);
      if (shown === undefined || shown.length > 0 || this.#clock.now() >= until) return shown;
      this.#told(`waiting until the console of ${machine} shows its key`);
      await this.#clock.sleep(PAUSE, this.#signal);
    }
  }

  /** Waits until cloud-init is done with the first start; a machine without it is done. */
  async booted(part: HostPart, told: (status: string) => void): Promise<void> {
    const port = await this.open(part);
    told(`waiting until the first start of ${part.name} is done`);
    // How it ended is its own business: what a release needs is looked at one by one.
    const wait = 'if command -v cloud-init >/dev/null; then cloud-init status --wait; fi; true';
    await port.run({ argv: ['sh', '-c', wait], signal: this.#signal, timeout: BOOT, keep: 1 });
  }
}

/** How long an error is worth waiting for it to go away, in milliseconds. */
function worth(error: unknown): number {
  if (!isInfractlError(error)) return 0;
  if (error.code === 'HostLoginRefused') return LOGIN;
  const starting = error.code === 'InstanceNotRunning' && error.message.endsWith('is pending.');
  return starting || NOT_YET.test(error.code) ? Number.POSITIVE_INFINITY : 0;
}
