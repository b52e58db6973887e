import {
  type DBInstance,
  DescribeDBInstancesCommand,
  RDSClient,
  RebootDBInstanceCommand,
  StartDBInstanceCommand,
  StopDBInstanceCommand,
} from '@aws-sdk/client-rds';
import { systemClock } from '../base/clock.ts';
import type { DatabaseFacts, DatabasesPort } from '../instances/port.ts';
import { call } from './call.ts';
import { underneath } from './errors.ts';
import { clockedPacing, paced } from './pacing.ts';
import { type RetryDeps, untilAnswered } from './retry.ts';
import type { AwsSession } from './session.ts';
import { traced } from './trace.ts';

/** RDS for `lib/instances`. A database that does not exist is left out. */
export function rdsPort(session: AwsSession, deps: RetryDeps = { clock: systemClock }): DatabasesPort {
  const pacer = clockedPacing(session, deps.clock, 'rds', { burst: 10, rate: 5, most: 10 });
  const client = traced(paced(new RDSClient(session.config), pacer), session);
  const ask = <T>(action: string, send: () => Promise<T>) =>
    untilAnswered(deps, () => call(session, action, send));

  async function describe(id?: string): Promise<DatabaseFacts[]> {
    const found: DatabaseFacts[] = [];
    let page: string | undefined;
    do {
      const Marker = page;
      try {
        const answer = await ask('rds:DescribeDBInstances', () =>
          client.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: id, Marker })),
        );
        found.push(...(answer.DBInstances ?? []).map(toFacts));
        page = answer.Marker;
      } catch (error) {
        if (/^DBInstanceNotFound/.test(underneath(error).name)) return found;
        throw error;
      }
    } while (page);
    return found;
  }
  /** What a repeated request finds done already is done. */
  const unless = async (states: RegExp, id: string, send: () => Promise<unknown>) => {
    try {
      await send();
    } catch (error) {
      const now = /^InvalidDBInstanceState/.test(underneath(error).name)
        ? (await describe(id))[0]
        : undefined;
      if (!now || !states.test(now.status)) throw error;
    }
  };

  return {
    byIds: async (ids) => (await Promise.all(ids.map((id) => describe(id)))).flat(),

    async byTags(tags) {
      const wanted = Object.entries(tags);
      return (await describe()).filter((one) => wanted.every(([key, value]) => one.tags[key] === value));
    },

    start: (id) =>
      unless(/^(starting|available)$/, id, () =>
        ask('rds:StartDBInstance', () =>
          client.send(new StartDBInstanceCommand({ DBInstanceIdentifier: id })),
        ),
      ),

    stop: (id) =>
      unless(/^(stopping|stopped)$/, id, () =>
        ask('rds:StopDBInstance', () => client.send(new StopDBInstanceCommand({ DBInstanceIdentifier: id }))),
      ),

    reboot: (id) =>
      unless(/^rebooting$/, id, () =>
        ask('rds:RebootDBInstance', () =>
          client.send(new RebootDBInstanceCommand({ DBInstanceIdentifier: id })),
        ),
      ),
  };
}

function toFacts(one: DBInstance): DatabaseFacts {
  return {
    id: one.DBInstanceIdentifier ?? '',
    status: one.DBInstanceStatus ?? '',
    class: one.DBInstanceClass ?? '',
    engine: [one.Engine, one.EngineVersion].filter(Boolean).join(' '),
    multiZone: one.MultiAZ ?? false,
    address: one.Endpoint?.Address,
    port: one.Endpoint?.Port,
    cluster: one.DBClusterIdentifier || undefined,
    replicaOf: one.ReadReplicaSourceDBInstanceIdentifier || undefined,
    replicas: one.ReadReplicaDBInstanceIdentifiers ?? [],
    startsAgainAt: one.AutomaticRestartTime?.getTime(),
    tags: Object.fromEntries((one.TagList ?? []).map(({ Key, Value }) => [Key ?? '', Value ?? ''])),
  };
}
