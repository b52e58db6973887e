import { systemClock } from '../base/clock.ts';
import { InfractlError, isInfractlError, UsageError } from '../base/errors.ts';
import { nearest } from '../base/text.ts';
import { type ValueDeps, valueResolver } from '../deploy/values.ts';
import {
  type Crossing,
  consoleFingerprints,
  type FleetPort,
  type HostCommand,
  type HostPort,
  type InstancesPort,
  locateHost,
  openFleet,
  openSsh,
  openSsm,
  type ShownKey,
  type SshDeps,
  type SshTarget,
  type SsmPort,
  type SsmTarget,
  shellBySsh,
  shellBySsm,
  tunnelBySsm,
} from '../hosts/index.ts';
import { nothingNamed } from '../project/index.ts';
import type { HostPart, Project } from '../project/model.ts';

export interface HostDeskDeps extends ValueDeps {
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  /** What values are, where somebody knows it already. Default: as they are deployed now. */
  readonly resolve?: ReturnType<typeof valueResolver>;
  /** Asks whether a host key that was never seen is right; `every`: it is; absent where nobody can be asked. */
  readonly trust?: 'every' | ((key: ShownKey, where: string) => Promise<boolean>);
  /** Seconds that a connection of ssh lives on while nothing is asked; default 30. */
  readonly idle?: number;
}

/** How a command ended on one host. */
export interface HostOutcome {
  readonly host: string;
  /** Null where it did not come to an end. */
  readonly exitCode: number | null;
  readonly error: { readonly code: string; readonly message: string } | null;
}

export interface TailOrder {
  readonly units?: readonly string[] | undefined;
  readonly file?: string | undefined;
  readonly lines: number;
  readonly follow: boolean;
  readonly sudo: boolean;
}

export interface CopyOrder {
  readonly way: 'up' | 'down';
  readonly host: HostPart;
  readonly from: string;
  readonly to: string;
}

export interface RunOrder extends Pick<HostCommand, 'argv' | 'sudo' | 'timeout'> {
  /** On hosts of Systems Manager: how many at a time, and how many may fail before no further one is begun. */
  readonly concurrency?: string | undefined;
  readonly errors?: string | undefined;
}

/** Past so many hosts of Systems Manager its own engine does the work. */
const HANDFUL = 5;

export type PrintLine = (host: string, line: string, stream: 'stdout' | 'stderr') => void;

/** journalctl or tail, for what was ordered. Without a unit and without services: the whole journal. */
export function tailCommand(part: Pick<HostPart, 'services'>, order: TailOrder): HostCommand['argv'] {
  const { units, file, lines, follow } = order;
  if (file !== undefined) return ['tail', '-n', String(lines), ...(follow ? ['-F'] : []), '--', file];
  return [
    'journalctl',
    '--no-pager',
    '--quiet',
    `--lines=${lines}`,
    '--output=short-iso',
    ...(follow ? ['--follow'] : []),
    ...(units ?? part.services).map((unit) => `--unit=${unit}`),
  ];
}

/** Finding and opening the hosts of a project. What is opened is closed by `close`. */
export class HostDesk {
  readonly #deps: HostDeskDeps;
  readonly #project: Project;
  readonly #resolve: ReturnType<typeof valueResolver>;
  readonly #opened = new Set<HostPort>();

  constructor(deps: HostDeskDeps, project: Project) {
    this.#deps = deps;
    this.#project = project;
    this.#resolve = deps.resolve ?? valueResolver(deps, project);
  }

  /**
   * The hosts that names mean; without a name the only one there is.
   *
   * @throws UsageError `NoHosts`, `NoSuchHost`, `HostNeeded`, `NothingNamed`
   */
  choose(names: readonly string[], all = false): HostPart[] {
    const { bare, hosts, name: project } = this.#project;
    const known = [...hosts.keys()];
    if (bare) throw nothingNamed('which instance', 'By its id: --id i-… --user ubuntu');
    if (hosts.size === 0) {
      throw new UsageError({
        code: 'NoHosts',
        message: `The project ${project} has no hosts.`,
        suggestions: [
          'Add a section "hosts:" to infractl.yaml: web: { address: 203.0.113.7, ssh: { user: ubuntu } }',
        ],
      });
    }
    if (all || (names.length === 0 && hosts.size === 1)) return [...hosts.values()];
    if (names.length === 0) {
      throw new UsageError({
        code: 'HostNeeded',
        message: `The project ${project} has several hosts: say which.`,
        suggestions: [`They are: ${known.join(', ')}`],
      });
    }
    return [...new Set(names)].map((name) => {
      const host = hosts.get(name);
      if (host) return host;
      const near = nearest(name, known);
      throw new UsageError({
        code: 'NoSuchHost',
        message: `The project ${project} has no host "${name}".`,
        suggestions: [...(near ? [`Did you mean: ${near}`] : []), `Its hosts: ${known.join(', ')}`],
      });
    });
  }

  async open(part: HostPart): Promise<HostPort> {
    const { env, signal, idle } = this.#deps;
    const target = await this.#target(part);
    const port =
      'address' in target
        ? await openSsh(target, {
            env,
            signal,
            trust: this.#trust(target.machine),
            ...(idle ? { idle } : {}),
          })
        : await openSsm(target, {
            port: await this.#systemsManager(),
            clock: systemClock,
            signal,
            // No bucket is made in the name of no project.
            ...(this.#project.bare ? {} : { crossing: () => this.#crossing(target.reach.bucket) }),
          });
    this.#opened.add(port);
    return port;
  }

  /** Several hosts of Systems Manager, as one. */
  async fleet(bucket: string | undefined): Promise<FleetPort> {
    return openFleet({
      port: await this.#systemsManager(),
      clock: systemClock,
      signal: this.#deps.signal,
      ...(this.#project.bare ? {} : { crossing: () => this.#crossing(bucket) }),
    });
  }

  /** @throws UsageError `NotManaged` for a host that is reached in another way */
  async managed(part: HostPart): Promise<SsmTarget> {
    const target = await this.#target(part);
    if ('address' in target) throw notManagedAll([part]);
    return target;
  }

  /** A key that the machine itself has shown on its console is its own; of any other somebody must say so. */
  #trust(machine: string | undefined): SshDeps['trust'] {
    const { trust } = this.#deps;
    if (trust === 'every') return async () => true;
    if (machine === undefined) return trust;
    return async (key, where) => {
      const shown = await this.keysOnConsole(machine);
      return shown?.includes(key.fingerprint) || ((await trust?.(key, where)) ?? false);
    };
  }

  /** The fingerprints that a machine has shown on its console; undefined where AWS does not say. */
  protected async keysOnConsole(machine: string): Promise<readonly string[] | undefined> {
    try {
      return consoleFingerprints(await (await this.#instances()).console(machine));
    } catch (error) {
      if (!isInfractlError(error) || error.code === 'Interrupted') throw error;
      return undefined;
    }
  }

  async #instances(): Promise<InstancesPort> {
    const { session, signal } = this.#deps;
    return (await import('../aws/ec2-hosts.ts')).instancesPort(await session(), signal);
  }

  /** Runs a command on all of them at the same time. One that cannot be reached is an outcome of its own. */
  async run(
    parts: readonly HostPart[],
    { concurrency, errors, ...command }: RunOrder,
    print: PrintLine,
  ): Promise<HostOutcome[]> {
    const { signal } = this.#deps;
    const limited = concurrency !== undefined || errors !== undefined;
    const managed = parts.every(({ reach }) => reach.via === 'ssm');
    if (limited && !managed) throw notManagedAll(parts);
    if (managed && (limited || parts.length > HANDFUL))
      return this.#runFleet(parts, { ...command, concurrency, errors }, print);
    const work = async (part: HostPart): Promise<HostOutcome> => {
      try {
        const port = await this.open(part);
        const onLine: HostCommand['onLine'] = (line, stream) => print(part.name, line, stream);
        const { exitCode } = await port.run({ ...command, signal, onLine, keep: 1 });
        return { host: part.name, exitCode, error: null };
      } catch (error) {
        if (!isInfractlError(error) || parts.length === 1 || error.code === 'Interrupted') throw error;
        return outcomeOf(part.name, error);
      }
    };
    const ended = await Promise.allSettled(parts.map(work));
    const failed = ended.find((each) => each.status === 'rejected');
    if (failed) throw failed.reason;
    return ended.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  }

  /** The same as one command of Systems Manager. */
  async #runFleet(parts: readonly HostPart[], order: RunOrder, print: PrintLine): Promise<HostOutcome[]> {
    const found = await Promise.allSettled(parts.map((part) => this.#target(part)));
    const outcomes = new Map<string, HostOutcome>();
    const targets: SsmTarget[] = [];
    for (const [at, { name }] of parts.entries()) {
      const one = found[at];
      if (one?.status === 'fulfilled' && 'instance' in one.value) targets.push(one.value);
      else if (one?.status === 'rejected' && isInfractlError(one.reason) && one.reason.code !== 'Interrupted')
        outcomes.set(name, outcomeOf(name, one.reason));
      else throw one?.status === 'rejected' ? one.reason : notManagedAll(parts);
    }
    const { runFleet } = await import('../hosts/index.ts');
    const deps = { port: await this.#systemsManager(), clock: systemClock, signal: this.#deps.signal };
    for (const one of await runFleet(targets, { ...order, onLine: print }, deps))
      outcomes.set(
        one.host,
        'error' in one
          ? outcomeOf(one.host, one.error)
          : { host: one.host, exitCode: one.result.exitCode, error: null },
      );
    return parts.flatMap(({ name }) => outcomes.get(name) ?? []);
  }

  /** Shows a log of hosts, and follows it until it is interrupted. */
  async tail(
    parts: readonly HostPart[],
    order: TailOrder,
    print: PrintLine,
  ): Promise<{ outcomes: HostOutcome[]; lines: number }> {
    let lines = 0;
    const count: PrintLine = (host, line, stream) => {
      lines++;
      print(host, line, stream);
    };
    const commands = new Map<string, HostPart[]>();
    for (const part of parts) {
      const key = JSON.stringify(tailCommand(part, order));
      commands.set(key, [...(commands.get(key) ?? []), part]);
    }
    const outcomes = await Promise.all(
      [...commands].map(([argv, some]) =>
        this.run(some, { argv: JSON.parse(argv) as HostCommand['argv'], sudo: order.sudo }, count),
      ),
    );
    return { outcomes: outcomes.flat(), lines };
  }

  /**
   * What a copy from one to the other means: one of them is `HOST:PATH`.
   *
   * @throws UsageError `OneHostNeeded`, `NoSuchHost`
   */
  copyOrder(from: string, to: string): CopyOrder {
    const [source, target] = [from, to].map((text) => /^([a-z][a-z0-9-]*):(.*)$/s.exec(text));
    if (!source === !target) {
      throw new UsageError({
        code: 'OneHostNeeded',
        message: 'One of the two must be HOST:PATH, and only one.',
        suggestions: ['infractl host copy FILE web:/tmp/', 'infractl host copy web:/var/log/syslog .'],
      });
    }
    const [, name = '', path = ''] = (source ?? target) as RegExpExecArray;
    const [host] = this.choose([name]) as [HostPart];
    const remote = path === '' ? '.' : path;
    return source ? { way: 'down', host, from: remote, to } : { way: 'up', host, from, to: remote };
  }

  async copy({ way, host, from, to }: CopyOrder, timeout: number | undefined): Promise<void> {
    const port = await this.open(host);
    const options = { signal: this.#deps.signal, ...(timeout ? { timeout } : {}) };
    await (way === 'up' ? port.upload(from, to, options) : port.download(from, to, options));
  }

  /** A login at this terminal; the exit code of the shell. */
  async shell(part: HostPart): Promise<number> {
    const target = await this.#target(part);
    if ('address' in target) return shellBySsh(target, this.#deps.env);
    return shellBySsm(target.instance, await this.#plugin(part.name));
  }

  async #plugin(name: string) {
    return { name, port: await this.#systemsManager(), clock: systemClock, env: this.#deps.env };
  }

  async #target(part: HostPart): Promise<SshTarget | SsmTarget> {
    const { address, instance } = await locateHost(part, {
      resolve: async (value) => (await this.#resolve(value)).value,
      instances: () => this.#instances(),
    });
    const { name, reach } = part;
    if (address !== undefined && reach.via === 'ssh')
      return { name, address, reach, ...(instance === undefined ? {} : { machine: instance }) };
    if (instance === undefined)
      throw new InfractlError({ code: 'NoAddress', message: `The host ${name} has no address.` });
    if (reach.via === 'ssm') return { name, instance, reach };
    const tunnel = async () => tunnelBySsm(instance, await this.#plugin(name), reach.port ?? 22);
    return { name, address: instance, reach, machine: instance, tunnel };
  }

  async #systemsManager(): Promise<SsmPort> {
    return (await import('../aws/ssm-hosts.ts')).ssmPort(await this.#deps.session());
  }

  /** The bucket of the configuration, else infractl's own of the project, which is made where it is not there. */
  async #crossing(bucket: string | undefined): Promise<Crossing> {
    const session = await this.#deps.session();
    const [{ s3Crossing }, { openArtifactStore }] = await Promise.all([
      import('../aws/s3-crossing.ts'),
      import('../artifacts/index.ts'),
    ]);
    const own = async () => (await openArtifactStore(session, this.#project.name, { create: true }))?.bucket;
    return s3Crossing(session, bucket ?? (await own()) ?? '');
  }

  /** Closes one connection before the others. */
  async release(port: HostPort): Promise<void> {
    this.#opened.delete(port);
    await port.close();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#opened].map((port) => port.close()));
  }
}

function outcomeOf(host: string, { code, message, why }: InfractlError): HostOutcome {
  return { host, exitCode: null, error: { code, message: why ? `${message} ${why}` : message } };
}

function notManagedAll(parts: readonly HostPart[]): UsageError {
  const others = parts.filter(({ reach }) => reach.via !== 'ssm').map(({ name }) => name);
  return new UsageError({
    code: 'NotManaged',
    message: '--concurrency and --max-errors are for hosts that are reached by Systems Manager.',
    why: `Not so: ${others.join(', ')}.`,
    suggestions: ['Write "connect: ssm" at these hosts, or choose others with --host.'],
  });
}
