/** Working on the stacks, hosts, logs, backups, instances and releases of a project: where each capability meets the project. */
import type { AwsSession } from '../aws/session.ts';
import type { Clock } from '../base/clock.ts';
import type { Machine } from '../cron/index.ts';
import type { Checkup } from '../doctor/index.ts';
import type { Finding, HealthLimits } from '../monitoring/index.ts';
import type { PriceBook } from '../prices/index.ts';
import type { HostPart, Project } from '../project/model.ts';
import type { CronOwner } from '../schedules/index.ts';
import type { AlarmDesk } from './alarm-desk.ts';
import type { BackupDesk, BackupDeskDeps, Listed } from './backup-desk.ts';
import type { PlanChoice } from './backup-plans.ts';
import type { CostDesk, CostDeskDeps } from './cost-desk.ts';
import type { DashboardDeps, DashboardDesk, DashboardOptions } from './dashboard-desk.ts';
import type { DoctorDeps } from './doctor-desk.ts';
import type { HealthDeps } from './health-desk.ts';
import type { CopyOrder, HostDesk, HostDeskDeps, HostOutcome } from './host-desk.ts';
import type { InstanceDesk, InstanceDeskDeps } from './instance-desk.ts';
import type { LogDesk, LogDeskDeps } from './log-desk.ts';
import type { MetricDesk } from './metric-desk.ts';
import type { ReleaseDesk, ReleaseDeskDeps } from './release-desk.ts';
import type { ScheduleDesk, ScheduleDeskDeps } from './schedule-desk.ts';
import type { ScheduleEngine, ScheduleEngines } from './schedule-engines.ts';
import type { SecretDesk, SecretDeskDeps } from './secret-desk.ts';
import type { HostServices, ServicesOrder } from './service-desk.ts';
import type { DeskDeps, StackDesk } from './stack-desk.ts';
import type { WalkDeps, WalkReleases } from './walk-releases.ts';

export type {
  HttpsState,
  Planned,
  Refresh,
  ReleaseEntry,
  ReleaseOutcome,
  ReleaseStatus,
  Unlocked,
} from '../releases/index.ts';
export type { AlarmEvent, AlarmsReport, ProjectAlarm, Silenced } from './alarm-desk.ts';
export type { DatabaseDrillPlan, VerifyWish } from './backup-verify.ts';
export type { ImageRelease, ImageStatus } from './image-releases.ts';
export type { LostGroup, ReadResult } from './log-desk.ts';
export type { HostMetrics, MetricsReport, Series, SubjectMetrics } from './metric-desk.ts';
export type { ReleasePlace } from './release-place.ts';
export type { PlacedSchedule } from './schedule-engines.ts';
export type { SecretChange, SecretChoice, SecretDesk, SecretImport, SecretRow } from './secret-desk.ts';
export type { HostServices, ServicesOrder } from './service-desk.ts';
export type { AttachResult, PartEvent, Subject } from './stack-desk.ts';
export { isWhole, type TargetChoice } from './target-choice.ts';
export type {
  AlarmDesk,
  BackupDesk,
  CopyOrder,
  CostDesk,
  DashboardDeps,
  DashboardDesk,
  DashboardOptions,
  DeskDeps,
  HostDesk,
  HostOutcome,
  InstanceDesk,
  Listed,
  LogDesk,
  PlanChoice,
  ReleaseDesk,
  ScheduleDesk,
  ScheduleEngine,
  ScheduleEngines,
  StackDesk,
};

/** Looking at stacks and steering them: see stack-desk.ts. Nothing is asked of AWS yet. */
export async function openStackDesk(deps: DeskDeps, project: Project): Promise<StackDesk> {
  return new (await import('./stack-desk.ts')).StackDesk(deps, project);
}

/** The hosts of a project: see host-desk.ts. Nothing is asked of AWS yet. */
export async function openHostDesk(deps: HostDeskDeps, project: Project): Promise<HostDesk> {
  return new (await import('./host-desk.ts')).HostDesk(deps, project);
}

/** Finding and reading the logs of a project: see log-desk.ts. Nothing is asked of AWS yet. */
export async function openLogDesk(deps: LogDeskDeps, project: Project): Promise<LogDesk> {
  return new (await import('./log-desk.ts')).LogDesk(deps, project);
}

/** All work on the backups of a project: see backup-desk.ts. Nothing is asked of AWS yet. */
export async function openBackupDesk(deps: BackupDeskDeps, project: Project): Promise<BackupDesk> {
  return new (await import('./backup-desk.ts')).BackupDesk(deps, project);
}

/** Instances, groups and databases: see instance-desk.ts. Nothing is asked of AWS yet. */
export async function openInstanceDesk(deps: InstanceDeskDeps, project: Project): Promise<InstanceDesk> {
  return new (await import('./instance-desk.ts')).InstanceDesk(deps, project);
}

/** The secrets of a project: see secret-desk.ts. Nothing is asked of AWS yet. */
export async function openSecretDesk(deps: SecretDeskDeps, project: Project): Promise<SecretDesk> {
  return new (await import('./secret-desk.ts')).SecretDesk(deps, project);
}

/** Releasing applications to hosts: see release-desk.ts. Nothing is asked of a host yet. */
export async function openReleaseDesk(deps: ReleaseDeskDeps, project: Project): Promise<ReleaseDesk> {
  return new (await import('./release-desk.ts')).ReleaseDesk(deps, project);
}

/** The same for a deploy that walks its graph: see walk-releases.ts. */
export async function openWalkReleases(deps: WalkDeps, project: Project): Promise<WalkReleases> {
  return new (await import('./walk-releases.ts')).WalkReleases(deps, project);
}

/** Starting and stopping on time: see schedule-desk.ts. Nothing is asked of AWS yet. */
export async function openScheduleDesk(deps: ScheduleDeskDeps, project: Project): Promise<ScheduleDesk> {
  return new (await import('./schedule-desk.ts')).ScheduleDesk(deps, project);
}

/** The same, and the crontab of this machine: see schedule-engines.ts. */
export async function openScheduleEngines(
  desk: ScheduleDesk,
  machine: Machine,
  owner: CronOwner,
  { clock }: Pick<ScheduleDeskDeps, 'clock'>,
): Promise<ScheduleEngines> {
  const [{ CronScheduleDesk }, { ScheduleEngines }] = await Promise.all([
    import('./cron-schedule-desk.ts'),
    import('./schedule-engines.ts'),
  ]);
  return new ScheduleEngines(desk, new CronScheduleDesk(machine, owner, clock), clock);
}

/** The alarms of a project: see alarm-desk.ts. Nothing is asked of AWS yet. */
export async function openAlarmDesk(
  { session, clock, signal }: DeskDeps,
  project: Project,
): Promise<AlarmDesk> {
  const { AlarmDesk } = await import('./alarm-desk.ts');
  const stacks = async () => (await import('../aws/cloudformation.ts')).cloudFormation(session);
  const alarms = async () => (await import('../aws/alarms.ts')).alarmsPort(session, signal);
  return new AlarmDesk({ clock, stacks, alarms }, project);
}

/** The numbers of a project: see metric-desk.ts. Nothing is asked of AWS or a host yet. */
export async function openMetricDesk(
  deps: { session: () => Promise<AwsSession>; signal: AbortSignal; hosts: () => Promise<HostDesk> },
  project: Project,
): Promise<MetricDesk> {
  const { MetricDesk, metricSources } = await import('./metric-desk.ts');
  const { session, signal, hosts } = deps;
  const stacks = async () => (await import('../aws/cloudformation.ts')).cloudFormation(await session());
  return new MetricDesk({ stacks, hosts, ...metricSources(session, signal) }, project);
}

/** What a project costs: see cost-desk.ts. Nothing is asked of AWS yet. */
export async function openCostDesk(deps: CostDeskDeps, project: Project): Promise<CostDesk> {
  return new (await import('./cost-desk.ts')).CostDesk(deps, project);
}

/** What things cost: see prices.ts and `PriceBook`. */
export async function openPrices(
  session: AwsSession,
  { clock, env }: { readonly clock: Clock; readonly env: NodeJS.ProcessEnv },
): Promise<PriceBook> {
  return (await import('./prices.ts')).openPrices(session, clock, env);
}

/** What `init` makes projects of: see starting.ts. */
export function starting(): Promise<typeof import('./starting.ts')> {
  return import('./starting.ts');
}

/** The systemd units of hosts: see `readServices` in service-desk.ts. */
export async function readServices(
  desk: HostDesk,
  hosts: readonly HostPart[],
  order: ServicesOrder,
): Promise<HostServices[]> {
  return (await import('./service-desk.ts')).readServices(desk, hosts, order);
}

/** What infractl's work depends on: see `diagnose` in doctor-desk.ts. */
export async function diagnose(deps: DoctorDeps): Promise<Checkup[]> {
  return (await import('./doctor-desk.ts')).diagnose(deps);
}

/** One verdict on all that runs: see `projectHealth` in health-desk.ts. */
export async function projectHealth(
  deps: HealthDeps,
  project: Project,
  limits: HealthLimits,
): Promise<Finding[]> {
  return (await import('./health-desk.ts')).projectHealth(deps, project, limits);
}

/** One picture of all that runs, kept fresh: see dashboard-desk.ts. Nothing is asked of AWS or a host yet. */
export async function openDashboardDesk(
  deps: DashboardDeps,
  project: Project,
  options: DashboardOptions,
): Promise<DashboardDesk> {
  return new (await import('./dashboard-desk.ts')).DashboardDesk(deps, project, options);
}
