import { InfractlError, UsageError } from '../base/errors.ts';
import { listed } from '../base/text.ts';
import type { HostPart, Value } from '../project/model.ts';

/** An EC2 instance as far as it must be found and reached. */
export interface FoundInstance {
  readonly id: string;
  /** `running`, `stopped`, … as EC2 says. */
  readonly state: string;
  readonly publicAddress?: string;
  readonly privateAddress?: string;
}

/** EC2, as far as hosts are looked for: DescribeInstances. Terminated instances are left out. */
export interface InstancesPort {
  byId(id: string): Promise<FoundInstance | undefined>;
  byTags(tags: Readonly<Record<string, string>>): Promise<readonly FoundInstance[]>;
  /** What a machine wrote to its console, as far as AWS has it: GetConsoleOutput. */
  console(id: string): Promise<string>;
}

export interface FindDeps {
  readonly resolve: (value: Value) => Promise<string>;
  /** Opened when an instance must be asked for. */
  readonly instances: () => Promise<InstancesPort>;
}

/** Where a host is. One that ssh reaches has an address; one of Systems Manager an instance. */
export interface Located {
  readonly address?: string;
  readonly instance?: string;
}

/**
 * Where a host is, at the cost of as few calls as its configuration allows: none for a plain address.
 *
 * @throws InfractlError `InstanceNotFound`, `SeveralInstances`, `InstanceNotRunning`, `NoAddress`
 */
export async function locateHost(part: HostPart, deps: FindDeps): Promise<Located> {
  const bySsm = part.reach.via === 'ssm' || part.reach.tunnel === 'ssm';
  if (!bySsm && part.address !== undefined)
    return { address: checkAddress(part, await deps.resolve(part.address)) };
  const instance = await findInstance(part, deps);
  if (instance.state !== 'running') {
    throw new InfractlError({
      code: 'InstanceNotRunning',
      message: `The instance ${instance.id} of the host ${part.name} is ${instance.state}.`,
      suggestions: ['Start it: infractl manage start', 'Then run the same command again.'],
    });
  }
  if (bySsm) return { instance: instance.id };
  const address = instance.publicAddress ?? instance.privateAddress;
  if (address) return { address, instance: instance.id };
  throw new InfractlError({
    code: 'NoAddress',
    message: `The instance ${instance.id} of the host ${part.name} has no address.`,
    suggestions: [`Give hosts.${part.name} an "address:", or reach it by "connect: ssm".`],
  });
}

/** What an output or a parameter gives is checked as what stands in the file is: it goes to ssh. */
function checkAddress(part: HostPart, address: string): string {
  if (/^[A-Za-z0-9_:[][A-Za-z0-9_.:\]-]*$/.test(address)) return address;
  throw new UsageError({
    code: 'BadAddress',
    message: `The address of the host ${part.name} is no host name and no IP address: "${address}".`,
  });
}

async function findInstance(part: HostPart, deps: FindDeps): Promise<FoundInstance> {
  const port = await deps.instances();
  if (part.instance !== undefined) {
    const id = await deps.resolve(part.instance);
    const found = await port.byId(id);
    if (found) return found;
    throw notFound(part, `There is no instance ${id} in this account and region.`);
  }
  const tags = part.tags ?? {};
  const all = await port.byTags(tags);
  const words = listed(Object.entries(tags).map(([key, value]) => `${key}=${value}`));
  const running = all.filter(({ state }) => state === 'running');
  const [found, second] = running.length > 0 ? running : all;
  if (!found) throw notFound(part, `No instance of this account and region has the tags ${words}.`);
  if (!second) return found;
  throw new InfractlError({
    code: 'SeveralInstances',
    message: `Several instances have the tags ${words} of the host ${part.name}.`,
    why: listed((running.length > 0 ? running : all).map(({ id }) => id)),
    suggestions: [`Add a tag that only one of them has, or name its id: hosts.${part.name}.instance`],
  });
}

function notFound(part: HostPart, why: string): InfractlError {
  return new InfractlError({
    code: 'InstanceNotFound',
    message: `The instance of the host ${part.name} is not there.`,
    why,
    suggestions: ['Check the profile, the region and the environment.'],
  });
}
