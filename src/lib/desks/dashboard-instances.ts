import { type InfractlError, isInfractlError } from '../base/errors.ts';
import { silentReporter } from '../base/report.ts';
import type { StatusRow } from '../instances/index.ts';
import { type InstanceLine, withGone } from '../monitoring/dashboard/index.ts';
import type { Project } from '../project/model.ts';
import { InstanceDesk, type InstanceDeskDeps } from './instance-desk.ts';

const EVERYTHING = { hosts: [], tags: {}, ids: [] } as const;

export interface Priced {
  readonly lines: readonly InstanceLine[];
  /** Where the prices of the lines are from, for people. */
  readonly priceNote: string;
}

/** How everything is that can be started and stopped. What was there before and is not any more is told as gone. */
export async function instanceLines(
  deps: Omit<InstanceDeskDeps, 'reporter'>,
  project: Project,
  before: readonly InstanceLine[] = [],
): Promise<Priced> {
  // Made anew each time: a desk remembers what the values of the configuration were.
  const desk = new InstanceDesk({ ...deps, reporter: silentReporter }, project);
  try {
    const rows = await desk.status(EVERYTHING);
    return { lines: withGone(before, rows.map(lineOf)), priceNote: await desk.priceNote() };
  } catch (error) {
    if (!isNotThere(error)) throw error;
    const { lines, priceNote } = await withoutLost(deps, project, desk);
    return { lines: withGone(before, lines), priceNote };
  }
}

/** A host whose instance is not there must not hide the others. */
async function withoutLost(
  deps: Omit<InstanceDeskDeps, 'reporter'>,
  project: Project,
  desk: InstanceDesk,
): Promise<Priced> {
  const looks = await Promise.all(
    [...project.hosts.values()].map(async (part) => {
      if (part.instance === undefined && part.tags === undefined) return { part };
      try {
        await desk.targets({ ...EVERYTHING, hosts: [part.name] });
        return { part };
      } catch (error) {
        if (!isNotThere(error)) throw error;
        return { part, lost: missing(part.name, error.message) };
      }
    }),
  );
  const there = looks.filter(({ lost }) => !lost).map(({ part }) => [part.name, part] as const);
  const rest = new InstanceDesk({ ...deps, reporter: silentReporter }, { ...project, hosts: new Map(there) });
  const rows = await rest.status(EVERYTHING);
  const lines = [...rows.map(lineOf), ...looks.flatMap(({ lost }) => lost ?? [])];
  return { lines, priceNote: await rest.priceNote() };
}

const isNotThere = (error: unknown): error is InfractlError =>
  isInfractlError(error) && (error.code === 'NoSuchInstance' || error.code === 'AmbiguousHost');

function missing(name: string, detail: string): InstanceLine {
  return {
    kind: 'instance',
    id: name,
    name,
    state: 'not there',
    mood: 'bad',
    type: null,
    address: null,
    checks: null,
    health: null,
    upMs: null,
    costUsdMonth: 0,
    detail,
  };
}

function lineOf({ publicAddress, privateAddress, health, checks, ...row }: StatusRow): InstanceLine {
  const { kind, id, name, state, mood, type, upMs, costUsdMonth, detail } = row;
  const address = publicAddress ?? privateAddress;
  const said = health && (health.ok ? health.words : `bad: ${health.words}`);
  return { kind, id, name, state, mood, type, address, checks, health: said, upMs, costUsdMonth, detail };
}
