import { InfractlError, isInfractlError } from '../base/errors.ts';
import { type ServiceState, servicesCommand, servicesOf } from '../monitoring/index.ts';
import type { HostPart } from '../project/model.ts';
import type { HostDesk } from './host-desk.ts';

export interface HostServices {
  readonly host: string;
  readonly services: readonly ServiceState[];
  readonly error?: InfractlError;
}

export interface ServicesOrder {
  /** In place of the units that infractl.yaml names. */
  readonly units?: readonly string[] | undefined;
  /** How many of the newest error lines. */
  readonly lines: number;
  /** As root: only root sees all sockets and the journal of others. */
  readonly sudo: boolean;
}

/** Milliseconds that a host may take to tell. */
const PATIENCE = 30_000;
/** What stands in front of most applications; looked for where nobody names it. */
const FRONT = 'nginx';

/** The units of each host, all hosts at the same time. One that cannot be reached is an outcome of its own. */
export async function readServices(
  desk: HostDesk,
  parts: readonly HostPart[],
  order: ServicesOrder,
): Promise<HostServices[]> {
  return Promise.all(
    parts.map(async (part): Promise<HostServices> => {
      try {
        return { host: part.name, services: await ofHost(desk, part, order) };
      } catch (error) {
        if (!isInfractlError(error) || parts.length === 1 || error.code === 'Interrupted') throw error;
        return { host: part.name, services: [], error };
      }
    }),
  );
}

async function ofHost(
  desk: HostDesk,
  part: HostPart,
  { units, lines, sudo }: ServicesOrder,
): Promise<ServiceState[]> {
  const named = units ?? part.services;
  const asked = units ? named : [...new Set([...named, FRONT])];
  const port = await desk.open(part);
  const { stdout, stderr } = await port.run({ argv: servicesCommand(asked, lines), sudo, timeout: PATIENCE });
  const found = servicesOf(stdout);
  if (found.length === 0 || found.every(({ state }) => state === 'unknown')) {
    throw new InfractlError({
      code: 'NoSystemd',
      message: `The host ${part.name} does not tell of systemd units.`,
      ...(stderr.trim() === '' ? {} : { why: stderr.trim() }),
      suggestions: [`Try it there: infractl host run --host ${part.name} -- systemctl status`],
    });
  }
  const given = (unit: string) => named.some((one) => unit === one || unit === `${one}.service`);
  return found.filter(({ unit, state }) => given(unit) || state !== 'not-found');
}
