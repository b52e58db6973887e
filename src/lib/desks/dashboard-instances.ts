import { silentReporter } from '../base/report.ts';
import type { StatusRow } from '../instances/index.ts';
import { type InstanceLine, withGone } from '../monitoring/dashboard/index.ts';
import type { Project } from '../project/model.ts';
import { InstanceDesk, type InstanceDeskDeps, type Made } from './instance-desk.ts';

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
  const rows = await desk.status(EVERYTHING);
  const lines = [...rows.map(lineOf), ...terminated(await desk.made(), rows)];
  return { lines: withGone(before, lines), priceNote: await desk.priceNote() };
}

/** Instances that stacks made and that are not there: somebody terminated them. */
function terminated(made: readonly Made[], rows: readonly StatusRow[]): InstanceLine[] {
  const there = new Set(rows.map(({ id }) => id));
  const gone = made.filter(({ type, physicalId: id }) => type === 'AWS::EC2::Instance' && !there.has(id));
  return gone.map(({ logicalId: name, physicalId: id }) => ({
    kind: 'instance',
    id,
    name,
    state: 'gone',
    mood: 'bad',
    type: null,
    address: null,
    checks: null,
    health: null,
    upMs: null,
    costUsdMonth: 0,
    detail: 'it is not there any more',
  }));
}

function lineOf({ publicAddress, privateAddress, health, checks, ...row }: StatusRow): InstanceLine {
  const { kind, id, name, state, mood, type, upMs, costUsdMonth, detail } = row;
  const address = publicAddress ?? privateAddress;
  const said = health && (health.ok ? health.words : `bad: ${health.words}`);
  return { kind, id, name, state, mood, type, address, checks, health: said, upMs, costUsdMonth, detail };
}
