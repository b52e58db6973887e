import type { InstancesPort, StatusChecks } from './port.ts';
import type { InstanceDeps } from './types.ts';

type Answer = ReadonlyMap<string, StatusChecks>;

/**
 * The same world for one look: when instances are asked for by their ids, their status checks are asked for at
 * the same time, so that nobody waits for two answers of AWS one after the other.
 */
export function checksAhead(deps: InstanceDeps): InstanceDeps {
  let port: Promise<InstancesPort> | undefined;
  const instances = () => {
    port ??= deps.ports.instances().then(ahead);
    return port;
  };
  return { ...deps, ports: { ...deps.ports, instances } };
}

function ahead(port: InstancesPort): InstancesPort {
  const asked = new Map<string, Promise<Answer | undefined>>();
  return {
    ...port,
    byIds(ids) {
      // One id that is not there refuses all: those that are there are asked for again then.
      const answer = port.checks(ids).catch(() => undefined);
      for (const id of ids) asked.set(id, answer);
      return port.byIds(ids);
    },
    async checks(ids) {
      const answers = await Promise.all([...new Set(ids.map((id) => asked.get(id)))]);
      const known = new Map(answers.flatMap((answer) => [...(answer ?? [])]));
      const rest = ids.filter((id) => !known.has(id));
      const found = rest.length > 0 ? await port.checks(rest) : [];
      return new Map([...known, ...found]);
    },
  };
}
