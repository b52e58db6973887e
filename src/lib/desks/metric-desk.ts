import { type InfractlError, isInfractlError, UsageError } from '../base/errors.ts';
import { listed, nearest } from '../base/text.ts';
import {
  agentMeasures,
  type Datapoint,
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
  readonly metrics: () => Promise<MetricsPort>;
  /** Asked for only where a host is read. */
  readonly hosts: () => Promise<HostDesk>;
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
    const wanted = names.length === 0 ? { resources, hosts } : this.#named(names, resources, hosts);
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
    const port = await this.#deps.metrics();
    try {
      const subjects = await Promise.all(
        resources.map(async (resource) => {
          const { kind, measures } = measuresOf(resource) ?? { kind: '', measures: [] };
          const more = resource.type === 'AWS::EC2::Instance' ? await this.#agent(port, resource) : [];
          return { kind, resource, measures: [...measures, ...more] };
        }),
      );
      const queries = subjects.flatMap(({ measures }, at) =>
        measures.map(({ metric, statistic }, index) => ({ id: `${at}/${index}`, metric, statistic })),
      );
      const values = await port.values(queries, window);
      return subjects.map(({ kind, resource, measures }, at) => ({
        kind,
        resource,
        series: measures.map((one, index) => ({ ...one, points: values.get(`${at}/${index}`) ?? [] })),
      }));
    } catch (error) {
      if (!isInfractlError(error) || error.code !== 'AccessDenied') throw error;
      troubles.push(error);
      return [];
    }
  }

  /** Memory and disk, where the CloudWatch agent tells them. */
  async #agent(port: MetricsPort, { physicalId }: ProjectResource): Promise<Measure[]> {
    return agentMeasures(await port.find('CWAgent', ['InstanceId', physicalId]));
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

  #named(names: readonly string[], resources: readonly ProjectResource[], hosts: readonly HostPart[]) {
    const chosen = { resources: new Set<ProjectResource>(), hosts: new Set<HostPart>() };
    for (const name of names) {
      const found = resources.filter(({ stack, logicalId, physicalId }) =>
        [logicalId, physicalId, stack, `${stack}/${logicalId}`].includes(name),
      );
      const host = hosts.filter((one) => one.name === name);
      if (found.length + host.length === 0) throw this.#unknown(name, resources, hosts);
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
