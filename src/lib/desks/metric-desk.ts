import { partitionOf } from '../aws/partition.ts';
import type { AwsSession } from '../aws/session.ts';
import { type InfractlError, isInfractlError, UsageError } from '../base/errors.ts';
import { listed, nearest } from '../base/text.ts';
import {
  agentMeasures,
  type Datapoint,
  goesByName,
  HOST_READING,
  type HostReading,
  hostReading,
  type Measure,
  type MetricsPort,
  type MetricWindow,
  measuresOf,
} from '../monitoring/index.ts';
import type { HostPart, Project } from '../project/model.ts';
import type { StacksPort } from '../stacks/index.ts';
import type { HostDesk } from './host-desk.ts';
import { type ProjectResource, projectResources } from './project-resources.ts';

/** A measure and what CloudWatch has of it, oldest first. */
export interface Series extends Measure {
  readonly points: readonly Datapoint[];
}

export interface SubjectMetrics {
  readonly kind: string;
  readonly resource: ProjectResource;
  readonly series: readonly Series[];
}

export interface HostMetrics {
  readonly host: string;
  readonly reading?: HostReading;
  readonly error?: InfractlError;
}

export interface MetricsReport {
  readonly window: MetricWindow;
  readonly subjects: readonly SubjectMetrics[];
  readonly hosts: readonly HostMetrics[];
  readonly troubles: readonly InfractlError[];
}

export interface MetricDeskDeps {
  readonly stacks: () => Promise<StacksPort>;
  /** CloudWatch of the region that is worked in, or of the one with what is there once for all regions. */
  readonly metrics: (global?: boolean) => Promise<MetricsPort>;
  /** The name of a REST API. */
  readonly apiName: (id: string) => Promise<string | undefined>;
  /** Asked for only where a host is read. */
  readonly hosts: () => Promise<HostDesk>;
}

/** Where the numbers of AWS come from; nothing is asked yet. */
export function metricSources(
  session: () => Promise<AwsSession>,
  signal: AbortSignal,
): Pick<MetricDeskDeps, 'metrics' | 'apiName'> {
  return {
    metrics: async (global) => {
      const [opened, { metricsPort }] = await Promise.all([session(), import('../aws/metrics.ts')]);
      return metricsPort(opened, signal, global ? partitionOf(opened.region).home : opened.region);
    },
    apiName: async (id) => (await import('../aws/api-gateway.ts')).restApiName(await session(), id, signal),
  };
}

/** Milliseconds that a host may take to tell how it is. */
const HOST_PATIENCE = 20_000;

/** The numbers of what the stacks of a project are made of, and of its hosts. */
export class MetricDesk {
  readonly #deps: MetricDeskDeps;
  readonly #project: Project;

  constructor(deps: MetricDeskDeps, project: Project) {
    this.#deps = deps;
    this.#project = project;
  }

  /**
   * All, or those that names mean: a resource by its logical or physical id, a stack, a host.
   *
   * @throws UsageError `NothingToMeasure`; what AWS refused where nothing else can be shown
   */
  async read(names: readonly string[], window: MetricWindow): Promise<MetricsReport> {
    const troubles: InfractlError[] = [];
    const [resources, hosts] = [await this.#resources(troubles), [...this.#project.hosts.values()]];
    const wanted = names.length === 0 ? { resources, hosts } : this.#named(names, resources, hosts, troubles);
    const [subjects, readings] = await Promise.all([
      this.#subjects(wanted.resources, window, troubles),
      Promise.all(wanted.hosts.map((host) => this.#host(host))),
    ]);
    const nothing = subjects.length === 0 && readings.every(({ reading }) => !reading);
    const first = troubles[0] ?? readings.find(({ error }) => error)?.error;
    if (nothing && first) throw first;
    return { window, subjects, hosts: readings, troubles };
  }

  async #resources(troubles: InfractlError[]): Promise<ProjectResource[]> {
    if (this.#project.stacks.size === 0) return [];
    try {
      const { resources, lost } = await projectResources(await this.#deps.stacks(), this.#project);
      troubles.push(...lost.map(({ error }) => error));
      return resources.filter((one) => measuresOf(one) !== undefined);
    } catch (error) {
      // Hosts can be read without AWS.
      if (!isInfractlError(error) || error.code === 'Interrupted' || this.#project.hosts.size === 0)
        throw error;
      troubles.push(error);
      return [];
    }
  }

  async #subjects(
    resources: readonly ProjectResource[],
    window: MetricWindow,
    troubles: InfractlError[],
  ): Promise<SubjectMetrics[]> {
    if (resources.length === 0) return [];
    const subjects = await Promise.all(
      resources.map(async (resource) => {
        const { kind, measures } = measuresOf(await this.#known(resource, troubles)) ?? {
          kind: '',
          measures: [],
        };
        return { kind, resource, measures: [...measures, ...(await this.#agent(resource, troubles))] };
      }),
    );
    const values = await this.#values(
      subjects.map(({ measures }) => measures),
      window,
      troubles,
    );
    if (!values) return [];
    return subjects.map(({ kind, resource, measures }, at) => ({
      kind,
      resource,
      series: measures.map((one, index) => ({ ...one, points: values.get(`${at}/${index}`) ?? [] })),
    }));
  }

  /** With its name, where CloudWatch knows it by that. */
  async #known(
    resource: ProjectResource,
    troubles: InfractlError[],
  ): Promise<ProjectResource & { name?: string }> {
    if (!goesByName(resource)) return resource;
    const name = await allowed(() => this.#deps.apiName(resource.physicalId), troubles);
    return name === undefined ? resource : { ...resource, name };
  }

  /** By `<subject>/<measure>`; all of a region in as few calls as it takes. Undefined where none may be read. */
  async #values(
    subjects: readonly (readonly Measure[])[],
    window: MetricWindow,
    troubles: InfractlError[],
  ): Promise<Map<string, readonly Datapoint[]> | undefined> {
    const queries = subjects.flatMap((measures, at) =>
      measures.map(({ metric, statistic, global = false }, index) => ({
        id: `${at}/${index}`,
        metric,
        statistic,
        global,
      })),
    );
    const places = [...new Set(queries.map(({ global }) => global))];
    const found = await Promise.all(
      places.map((global) =>
        allowed(async () => {
          const port = await this.#deps.metrics(global);
          const there = queries.filter((query) => query.global === global);
          return [...(await port.values(there, window))];
        }, troubles),
      ),
    );
    return found.every((one) => one === undefined) ? undefined : new Map(found.flatMap((one) => one ?? []));
  }

  /** Memory and disk of an instance, where the CloudWatch agent tells them. */
  async #agent({ type, physicalId }: ProjectResource, troubles: InfractlError[]): Promise<Measure[]> {
    if (type !== 'AWS::EC2::Instance') return [];
    const port = await this.#deps.metrics();
    const found = await allowed(() => port.find('CWAgent', ['InstanceId', physicalId]), troubles);
    return agentMeasures(found ?? []);
  }

  async #host(part: HostPart): Promise<HostMetrics> {
    try {
      const port = await (await this.#deps.hosts()).open(part);
      const { stdout } = await port.run({ argv: HOST_READING, timeout: HOST_PATIENCE });
      const reading = hostReading(stdout);
      return { host: part.name, ...(reading ? { reading } : {}) };
    } catch (error) {
      if (!isInfractlError(error) || error.code === 'Interrupted') throw error;
      return { host: part.name, error };
    }
  }

  #named(
    names: readonly string[],
    resources: readonly ProjectResource[],
    hosts: readonly HostPart[],
    troubles: readonly InfractlError[],
  ) {
    const chosen = { resources: new Set<ProjectResource>(), hosts: new Set<HostPart>() };
    for (const name of names) {
      const found = resources.filter(({ stack, logicalId, physicalId }) =>
        [logicalId, physicalId, stack, `${stack}/${logicalId}`].includes(name),
      );
      const host = hosts.filter((one) => one.name === name);
      // It may well be in what could not be looked at.
      if (found.length + host.length === 0) throw troubles[0] ?? this.#unknown(name, resources, hosts);
      for (const one of found) chosen.resources.add(one);
      for (const one of host) chosen.hosts.add(one);
    }
    return { resources: [...chosen.resources], hosts: [...chosen.hosts] };
  }

  #unknown(name: string, resources: readonly ProjectResource[], hosts: readonly HostPart[]): UsageError {
    const known = [...hosts.map((one) => one.name), ...resources.map(({ logicalId }) => logicalId)];
    const near = nearest(name, [...known, ...resources.map(({ physicalId }) => physicalId)]);
    return new UsageError({
      code: 'NothingToMeasure',
      message: `Nothing called "${name}" in ${this.#project.name} has metrics.`,
      suggestions: [
        ...(near ? [`Did you mean: ${near}`] : []),
        `What has: ${listed(known.slice(0, 12)) || 'nothing: is it deployed?'}`,
      ],
    });
  }
}

/** What may be read; a refusal is a trouble beside the rest, told once. */
async function allowed<T>(read: () => Promise<T>, troubles: InfractlError[]): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!isInfractlError(error) || error.code !== 'AccessDenied') throw error;
    if (!troubles.some(({ message }) => message === error.message)) troubles.push(error);
    return undefined;
  }
}
