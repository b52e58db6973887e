import { type InfractlError, isInfractlError } from '../base/errors.ts';
import { type HostLine, type ServiceLine, withReading } from '../monitoring/dashboard/index.ts';
import { HOST_READING, type HostReading, hostReading } from '../monitoring/index.ts';
import type { HostPart } from '../project/model.ts';
import type { KeptHosts } from './kept-hosts.ts';
import { readServices } from './service-desk.ts';

/** Milliseconds that a host may take to tell how it is. */
const PATIENCE = 20_000;
/** Newest error lines of a unit. */
const LINES = 5;

/** How the hosts say that they are, with the readings of this watch. One that does not answer is a line of its own. */
export async function hostLines(
  desk: KeptHosts,
  now: number,
  before: readonly HostLine[] = [],
): Promise<HostLine[]> {
  return Promise.all(
    desk.choose([], true).map(async (part): Promise<HostLine> => {
      const host = part.name;
      const { cpu = [], memory = [] } = before.find((line) => line.host === host) ?? {};
      const { value: reading, error } = await asked(desk, part, () => readingOf(desk, part));
      if (!reading) return { host, cpu, memory, ...(error ? { error } : {}) };
      const { used, total } = reading.memory;
      return {
        host,
        reading,
        cpu: withReading(cpu, now, reading.cpuPercent),
        memory: total > 0 ? withReading(memory, now, (used / total) * 100) : memory,
      };
    }),
  );
}

async function readingOf(desk: KeptHosts, part: HostPart): Promise<HostReading | undefined> {
  const port = await desk.open(part);
  return hostReading((await port.run({ argv: HOST_READING, timeout: PATIENCE })).stdout);
}

/** The systemd units of the hosts. */
export async function serviceLines(
  desk: KeptHosts,
  redact: (text: string) => string,
): Promise<ServiceLine[]> {
  return Promise.all(
    desk.choose([], true).map(async (part): Promise<ServiceLine> => {
      const order = { lines: LINES, sudo: true };
      const { value = [], error } = await asked(desk, part, () => readServices(desk, [part], order));
      // What a service says of itself is cut where it is shown: a secret must be gone before that.
      const services = (value[0]?.services ?? []).map((one) => ({ ...one, lines: one.lines.map(redact) }));
      return { host: part.name, services, ...(error ? { error } : {}) };
    }),
  );
}

/**
 * A host that fails gets a new connection for the next question. One that was given up between two looks, or cut, is no
 * failure of the host: it is asked once more at once.
 */
async function asked<T>(
  desk: KeptHosts,
  part: HostPart,
  ask: () => Promise<T>,
  again = true,
): Promise<{ readonly value?: T; readonly error?: InfractlError }> {
  const connection = desk.open(part);
  try {
    return { value: await connection.then(ask) };
  } catch (error) {
    if (!isInfractlError(error) || error.code === 'Interrupted') throw error;
    await desk.forget(part.name, connection);
    return again && error.code === 'HostConnectionLost' ? asked(desk, part, ask, false) : { error };
  }
}
