import type { Duration } from './hold.ts';
import type { FakeDatabase } from './rds-state.ts';
import type { Context } from './server.ts';
import { FakeError, type Parameters } from './wire.ts';

const WEEK = 7 * 86_400_000;

function named(p: Parameters, { state }: Context): FakeDatabase {
  const found = state.rds.databases.get(String(p.DBInstanceIdentifier));
  if (found) return found;
  throw new FakeError('DBInstanceNotFound', `DBInstance ${p.DBInstanceIdentifier} not found.`, 404);
}

function go(
  one: FakeDatabase,
  from: string,
  via: string,
  to: string,
  ms: Duration,
  { clock }: Context,
): void {
  if (one.state !== from)
    throw new FakeError('InvalidDBInstanceState', `Instance ${one.id} is not in ${from} state.`);
  one.state = via;
  clock.after(ms, () => {
    if (one.state === via) one.state = to;
    one.startsAgainAt = to === 'stopped' ? clock.now() + WEEK : undefined;
  });
}

const answer = (one: FakeDatabase) => ({
  DBInstance: { DBInstanceIdentifier: one.id, DBInstanceStatus: one.state },
});

/** Starting and stopping databases: each takes its time, a wrong state is refused. */
export const powerHandlers: Readonly<Record<string, (p: Parameters, context: Context) => object>> = {
  StartDBInstance(p, context) {
    const one = named(p, context);
    go(one, 'stopped', 'starting', 'available', one.startMs, context);
    return answer(one);
  },
  StopDBInstance(p, context) {
    const one = named(p, context);
    if (one.replicaOf !== undefined || one.replicas.length > 0)
      throw new FakeError(
        'InvalidDBInstanceState',
        `Cannot stop the instance ${one.id} because it has or is a read replica.`,
      );
    go(one, 'available', 'stopping', 'stopped', one.stopMs, context);
    return answer(one);
  },
  RebootDBInstance(p, context) {
    const one = named(p, context);
    go(one, 'available', 'rebooting', 'available', one.rebootMs, context);
    return answer(one);
  },
};
