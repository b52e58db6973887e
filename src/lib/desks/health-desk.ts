import type { AwsSession } from '../aws/session.ts';
import { type Clock, throwIfAborted } from '../base/clock.ts';
import { Exit, type InfractlError, isInfractlError } from '../base/errors.ts';
import { silentReporter } from '../base/report.ts';
import { joinUrl } from '../base/text.ts';
import { type ValueDeps, valueResolver } from '../deploy/values.ts';
import {
  alarmFinding,
  backupFindings,
  certificateFinding,
  diskFindings,
  type Finding,
  type HealthLimits,
  HOST_READING,
  hostReading,
  instanceFinding,
  serviceFinding,
  targetFindings,
} from '../monitoring/index.ts';
import type { CheckPart, HostPart, Project } from '../project/model.ts';
import type { AlarmDesk } from './alarm-desk.ts';
import type { BackupDesk } from './backup-desk.ts';
import type { HostDesk } from './host-desk.ts';
import { type ProjectResource, projectResources } from './project-resources.ts';
import { readServices } from './service-desk.ts';

export interface HealthDeps extends ValueDeps {
  readonly session: () => Promise<AwsSession>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly alarms: () => Promise<AlarmDesk>;
  readonly hosts: () => Promise<HostDesk>;
  readonly backups: () => Promise<BackupDesk>;
  /** Milliseconds that one endpoint may take to answer well. */
  readonly patience: number;
}

/** Failures of a look that say how the thing is, not that nobody could look. */
const BAD = new Set(['Unhealthy', 'HostUnreachable']);

/** Looks at everything of a project side by side. What cannot be looked at is a finding, and hides nothing else. */
export async function projectHealth(
  deps: HealthDeps,
  project: Project,
  limits: HealthLimits,
): Promise<Finding[]> {
  const { signal, clock } = deps;
  /** Credentials that are missing, expired or wrong. */
  let nobody: InfractlError | undefined;
  const guarded = async (
    kind: Finding['kind'],
    name: string,
    look: () => Promise<Finding[]>,
  ): Promise<Finding[]> => {
    try {
      return await look();
    } catch (error) {
      throwIfAborted(signal);
      if (!isInfractlError(error)) throw error;
      if (error.code !== 'AccessDenied' && error.exit === Exit.credentials) nobody ??= error;
      const verdict = BAD.has(error.code) ? 'bad' : 'unknown';
      const [mend] = error.suggestions;
      return [{ kind, name, verdict, why: error.message, ...(mend ? { mend } : {}) }];
    }
  };
  const resolve = valueResolver(deps, project);
  let opened: Promise<HostDesk> | undefined;
  const hostDesk = () => {
    opened ??= deps.hosts();
    return opened;
  };

  async function alarms(): Promise<Finding[]> {
    const { alarms: found, gone, troubles } = await (await deps.alarms()).list([]);
    // Silences matter to nobody here; a stack that could not be read does.
    const lost = troubles.filter(({ message }) => !/AlarmMuteRule/.test(message));
    return [
      ...found.map(({ alarm }) => alarmFinding(alarm, clock.now())),
      ...gone.map(({ physicalId: name }) => goneFinding('alarm', name)),
      ...lost.map(
        ({ message }): Finding => ({ kind: 'alarm', name: 'alarms', verdict: 'unknown', why: message }),
      ),
    ];
  }

  let found: Promise<readonly ProjectResource[]> | undefined;
  async function resources(type: string): Promise<ProjectResource[]> {
    found ??= (async () => {
      const { cloudFormation } = await import('../aws/cloudformation.ts');
      return (await projectResources(cloudFormation(await deps.session()), project)).resources;
    })();
    return (await found).filter((one) => one.type === type);
  }

  async function instances(): Promise<Finding[]> {
    const all = await resources('AWS::EC2::Instance');
    if (all.length === 0) return [];
    const { ec2Port } = await import('../aws/ec2.ts');
    const checks = await ec2Port(await deps.session()).checks(all.map(({ physicalId }) => physicalId));
    return all.map(({ logicalId, physicalId: id }): Finding => {
      const told = checks.get(id);
      // One that was terminated is told of for an hour.
      const there = told && told.state !== 'terminated' && told.state !== 'shutting-down';
      return there ? instanceFinding({ logicalId, id }, told) : goneFinding('instance', `${logicalId} ${id}`);
    });
  }

  async function targets(): Promise<Finding[]> {
    const groups = await resources('AWS::ElasticLoadBalancingV2::TargetGroup');
    if (groups.length === 0) return [];
    const { targetsPort } = await import('../aws/load-balancing.ts');
    const port = targetsPort(await deps.session(), signal);
    const looks = groups.map(({ logicalId, physicalId }) =>
      guarded('target', logicalId, async () => targetFindings(logicalId, await port.targets(physicalId))),
    );
    return (await Promise.all(looks)).flat();
  }

  async function backups(): Promise<Finding[]> {
    const desk = await deps.backups();
    const plans = await desk.plans({ names: [] });
    const known = (await desk.list(plans)).map(({ backup }) => backup);
    return plans.flatMap(({ name, wanted, copies }) => {
      const subjects = wanted.flatMap((one) => ('id' in one ? [one.id] : []));
      const regions = copies.flatMap((copy) => ('region' in copy ? [copy.region] : []));
      return backupFindings({ name, subjects, regions }, known, clock.now(), limits);
    });
  }

  async function endpoint(part: CheckPart): Promise<Finding[]> {
    const { runCheck } = await import('../checks/index.ts');
    const base = (await resolve(part.url)).value;
    const url = joinUrl(base, part.path);
    const { name, expect, contains } = part;
    const spec = {
      part: `check ${name}`,
      url,
      expect,
      timeout: deps.patience,
      ...(contains ? { contains } : {}),
    };
    const looks = [
      guarded('check', name, async () => {
        const { status, ms } = await runCheck({ clock, signal, reporter: silentReporter }, spec);
        return [
          { kind: 'check', name, verdict: 'good', why: `${url} answered ${status} in ${Math.round(ms)} ms` },
        ];
      }),
      ...(url.startsWith('https:') ? [guarded('certificate', name, () => certificate(name, url))] : []),
    ];
    return (await Promise.all(looks)).flat();
  }

  async function certificate(name: string, url: string): Promise<Finding[]> {
    const { systemProbe } = await import('../instances/index.ts');
    const { certificate: shown } = await (await systemProbe()).http(url, deps.patience);
    // Where nothing answers, the check says so.
    return shown ? [certificateFinding(name, shown.daysLeft, shown.problem, limits)] : [];
  }

  async function services(part: HostPart): Promise<Finding[]> {
    const order = { units: part.services, lines: 0, sudo: false };
    const [found] = await readServices(await hostDesk(), [part], order);
    return (found?.services ?? []).map((one) => serviceFinding(part.name, one));
  }

  async function disks(part: HostPart): Promise<Finding[]> {
    const port = await (await hostDesk()).open(part);
    const reading = hostReading((await port.run({ argv: HOST_READING, timeout: 20_000 })).stdout);
    if (reading) return diskFindings(part.name, reading, limits);
    const why = 'the host does not tell how full its disks are';
    return [{ kind: 'disk', name: part.name, verdict: 'unknown', why }];
  }

  /** One after the other: a host that is not known yet asks about its key once. */
  async function host(part: HostPart): Promise<Finding[]> {
    const disk = await guarded('disk', part.name, () => disks(part));
    if (part.services.length === 0) return disk;
    return [...(await guarded('service', part.name, () => services(part))), ...disk];
  }

  const hosts = [...project.hosts.values()];
  const looks = [
    ...(project.stacks.size > 0
      ? [
          guarded('alarm', 'alarms', alarms),
          guarded('instance', 'instances', instances),
          guarded('target', 'target groups', targets),
        ]
      : []),
    ...(project.backups.size > 0 ? [guarded('backup', 'backups', backups)] : []),
    ...[...project.checks.values()].map((part) => guarded('check', part.name, () => endpoint(part))),
    ...hosts.map(host),
  ];
  const findings = (await Promise.all(looks)).flat();
  // How to get some is of more use than a list of all that nobody could look at.
  if (nobody && findings.every(({ verdict }) => verdict === 'unknown')) throw nobody;
  return findings;
}

/** A resource of a stack that was deleted by hand: nothing of what it was there for is done. */
function goneFinding(kind: Finding['kind'], name: string): Finding {
  return { kind, name, verdict: 'bad', why: 'it is not there any more', mend: 'infractl drift' };
}
