import { hostname } from 'node:os';
import { removeDatabase } from './database-drill.ts';
import { drillTags, MACHINE, type VerifyDeps } from './drill.ts';
import type { Tags } from './port.ts';
import { removeVolume } from './volume-drill.ts';

/** What another machine left behind is swept after that: its drill is over. */
const LEFT_AFTER = 6 * 3_600_000;

export interface SweepOptions {
  /** Where no drill of this machine can be running, what it left is swept at once. Default: yes. */
  readonly own?: boolean;
  /** Look for databases too. */
  readonly databases?: boolean;
}

/**
 * Takes away what a drill that was killed left behind: of this machine at once (its lock says that no other
 * runs), of others when their drill must be over. The ids of what went.
 */
export async function sweep(
  deps: VerifyDeps,
  { own = true, databases = false }: SweepOptions = {},
): Promise<string[]> {
  const { [MACHINE]: _, ...tags } = drillTags(deps);
  const { aws: now } = await deps.ebs.clocks();
  const over = (one: { readonly tags: Tags; readonly createdAt: number; readonly state: string }) =>
    one.state !== 'deleting' &&
    ((own && one.tags[MACHINE] === hostname()) || now - one.createdAt > LEFT_AFTER);
  const volumes = (await deps.ebs.volumes({ tags })).filter(over);
  const instances = databases ? (await (await deps.rds()).databases({ tags })).filter(over) : [];
  const told = (id: string) =>
    deps.reporter.emit({ type: 'note', message: `Taking away ${id}, left behind by an earlier drill.` });
  for (const { id } of volumes) {
    told(id);
    await removeVolume(deps, id);
  }
  for (const { id } of instances) {
    told(id);
    await removeDatabase(deps, id);
  }
  return [...volumes, ...instances].map(({ id }) => id);
}
