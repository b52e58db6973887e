import {
  type AutoOptions,
  type AutoResult,
  autoRun,
  autoRuns,
  type Backup,
  type BackupDeps,
  type Cleanup,
  type Costs,
  type CreatedBackup,
  type CreateOptions,
  carryOut,
  carryOutRestore,
  costsOf,
  createAll,
  type Deleted,
  findBackup,
  judge,
  lookUp,
  type Moment,
  type Plan,
  planCleanup,
  planRestore,
  type Restored,
  type RestoreOrder,
  type RestorePlan,
  storesOf,
  sweep,
  type Verdict,
  type Verified,
  type VerifyDeps,
  withBackupLock,
} from '../backups/index.ts';
import { isInfractlError } from '../base/errors.ts';
import { valueResolver } from '../deploy/values.ts';
import type { PriceBook, PricedItem, Quote } from '../prices/index.ts';
import type { Project } from '../project/model.ts';
import { choosePlans, type PlanChoice, resolvePlan } from './backup-plans.ts';
import type { DatabaseDrillPlan, VerifyWish } from './backup-verify.ts';
import { HostDesk, type HostDeskDeps } from './host-desk.ts';
import type { RecordDeps } from './recording.ts';

export interface BackupDeskDeps extends Omit<HostDeskDeps, 'signal'>, RecordDeps {}

/** A backup and what the plans would do with it. */
export interface Listed {
  readonly backup: Backup;
  /** Why it is kept, or why not; undefined where nothing can be said now. */
  readonly verdict: Verdict | undefined;
}

/** All work on the backups of a project. Nothing is asked of AWS before it is needed. */
export class BackupDesk {
  readonly #deps: BackupDeskDeps;
  readonly #project: Project;
  readonly #hosts: HostDesk;
  #work: Promise<BackupDeps> | undefined;
  #prices: Promise<PriceBook> | undefined;

  constructor(deps: BackupDeskDeps, project: Project) {
    this.#deps = deps;
    this.#project = project;
    this.#hosts = new HostDesk(deps, project);
  }

  /** The plans that a choice means, with everything resolved. */
  async plans(choice: PlanChoice): Promise<Plan[]> {
    const resolve = valueResolver(this.#deps, this.#project);
    const parts = choosePlans(this.#project, choice);
    return Promise.all(
      parts.map((part) =>
        resolvePlan(this.#project, part, {
          resolve: async (value) => (await resolve(value)).value,
          openHost: (host) => this.#hosts.open(host),
        }),
      ),
    );
  }

  /** What the capability needs, opened once. */
  work(): Promise<BackupDeps> {
    this.#work ??= (async () => {
      const [session, { ebsPort }] = await Promise.all([
        this.#deps.session(),
        import('../aws/ec2-backups.ts'),
      ]);
      const { reporter, clock, signal, where } = this.#deps;
      return {
        owner: { project: this.#project.name, environment: this.#project.environment },
        ebs: ebsPort(session, clock, signal),
        rds: async () => (await import('../aws/rds-backups.ts')).rdsPort(session, signal),
        reporter,
        clock,
        signal,
        where,
      };
    })();
    return this.#work;
  }

  async create(plans: readonly Plan[], options: CreateOptions): Promise<CreatedBackup[]> {
    return createAll(await this.work(), plans, options);
  }

  /** All backups, newest first, with what cleaning up would do. */
  async list(plans: readonly Plan[]): Promise<Listed[]> {
    const deps = await this.work();
    const backups = await this.#all(deps, plans);
    let verdicts = new Map<Backup, Verdict>();
    try {
      const judged = judge(backups, plans, await deps.ebs.clocks());
      verdicts = new Map(judged.verdicts.map((verdict) => [verdict.backup, verdict]));
    } catch (error) {
      if (!isInfractlError(error)) throw error;
      // A list must be there just when cleaning up refuses.
      deps.reporter.emit({ type: 'warning', message: `${error.message} ${error.why ?? ''}`.trim() });
    }
    return backups.map((backup) => ({ backup, verdict: verdicts.get(backup) }));
  }

  async planCleanup(plans: readonly Plan[], most?: number): Promise<Cleanup> {
    return planCleanup(await this.work(), plans, most);
  }

  async carryOut(cleanup: Cleanup): Promise<Deleted> {
    return carryOut(await this.work(), cleanup.going);
  }

  /** Plan after plan, each under a lock of its own; the system frees that of a run that dies. */
  async auto(plans: readonly Plan[], options: Omit<AutoOptions, 'notify' | 'sweep'>): Promise<AutoResult[]> {
    const deps = await this.work();
    const session = await this.#deps.session();
    const notify = async () => (await import('../aws/sns.ts')).notifyPort(session);
    const { project, environment } = deps.owner;
    const night = (plan: Plan) => {
      const databases = plan.wanted.some(({ kind }) => kind === 'database');
      // Its lock is another one: a drill of this machine may be running.
      const swept = async () => sweep(await this.#verifyDeps(), { own: false, databases });
      const run = () => autoRun(deps, plan, { ...options, notify, sweep: swept });
      if (options.dryRun) return run();
      return withBackupLock(`backup auto ${project} ${environment} ${plan.name} ${session.region}`, run);
    };
    return autoRuns(deps, plans, night);
  }

  /**
   * One good backup: by its id, by the id of a snapshot, or the newest.
   *
   * @param of its subject, where a backup of that id has several
   * @throws UsageError `NoSuchBackup`, `SubjectNeeded`, `BackupElsewhere`
   */
  async find(plans: readonly Plan[], wanted: string, of: string | undefined): Promise<Backup> {
    const deps = await this.work();
    const all = await this.#all(deps, plans);
    return findBackup(all, wanted, of, deps.ebs.store().region);
  }

  /** The backups of the project; where there is none, those of all that infractl has made here. */
  async #all(deps: BackupDeps, plans: readonly Plan[]): Promise<Backup[]> {
    const stores = await storesOf(deps, plans);
    if (!this.#project.bare) return lookUp(deps, stores);
    const everybody = { ...deps, owner: { ...deps.owner, all: true as const } };
    const databases = async () => lookUp(everybody, [(await deps.rds()).store()]);
    const [disks, others] = await Promise.all([
      lookUp(everybody, stores),
      databases().catch((error: unknown) => {
        if (!isInfractlError(error) || error.code !== 'AccessDenied') throw error;
        deps.reporter.emit({ type: 'warning', message: `No databases are looked at: ${error.message}` });
        return [];
      }),
    ]);
    return [...disks, ...others].sort((a, b) => b.at - a.at);
  }

  async planRestore(order: RestoreOrder): Promise<RestorePlan> {
    return planRestore(await this.#restoreDeps(), order);
  }

  /** Does what was planned, and tells the journal of the environment, the way back included. */
  async restore(plan: RestorePlan): Promise<Restored> {
    const deps = await this.#restoreDeps();
    const { recorded } = await import('./recording.ts');
    const { clock } = this.#deps;
    const began = clock.now();
    const work = () => carryOutRestore(deps, plan);
    return recorded(this.#deps, this.#project, 'restore', work, ({ made, kept, wayBack }) => ({
      failed: false,
      undo: wayBack.join(' && '),
      parts: made.map(({ kind, id, detail }) => ({
        part: `${kind} ${id}`,
        outcome: 'created',
        ms: clock.now() - began,
        detail,
        after: { backup: plan.order.backup.id, ...(kept.length > 0 ? { kept: kept.join('; ') } : {}) },
      })),
    }));
  }

  /** What the drill will make; undefined where that is nothing worth a question. */
  async planVerify(backup: Backup, wish: VerifyWish): Promise<DatabaseDrillPlan | undefined> {
    return (await import('./backup-verify.ts')).planVerify(await this.work(), backup, wish);
  }

  /** The drill of one backup. */
  async verify(plans: readonly Plan[], backup: Backup, wish: VerifyWish): Promise<Verified[]> {
    const { verify } = await import('./backup-verify.ts');
    const deps = { work: await this.#verifyDeps(), hosts: this.#hosts, env: this.#deps.env };
    return verify(deps, plans, backup, wish);
  }

  /** A policy of Data Lifecycle Manager for one plan, as a stack. */
  async installDlm(
    plan: Plan,
    at: Moment,
  ): Promise<{ readonly stackName: string; readonly changed: boolean }> {
    return (await import('./backup-dlm.ts')).installDlm(this.#deps, this.#project, plan, at);
  }

  /** Takes those stacks away. */
  async uninstallDlm(plans: readonly string[]): Promise<boolean> {
    const { uninstallDlm } = await import('./backup-dlm.ts');
    let found = false;
    for (const plan of plans) found = (await uninstallDlm(this.#deps, this.#project, plan)) || found;
    return found;
  }

  /** What the backups cost, and what each would free. */
  async costs(plans: readonly Plan[], most: number): Promise<Costs> {
    const deps = await this.#verifyDeps();
    const backups = await lookUp(deps, await storesOf(deps, plans));
    const priceOf = async (region: string) =>
      (await this.quote({ kind: 'storage', of: 'snapshot' }, region))?.usd;
    return costsOf(deps, backups, priceOf, most);
  }

  /** A price, from AWS's price list where that may be read; here unless another region is named. */
  async quote(item: PricedItem, region?: string): Promise<Quote | undefined> {
    const { region: here } = await this.#deps.session();
    return (await this.prices()).quote(region ?? here, item);
  }

  /** The prices of this run. */
  prices(): Promise<PriceBook> {
    this.#prices ??= (async () => {
      const { session, clock, env } = this.#deps;
      const [one, { openPrices }] = await Promise.all([session(), import('./prices.ts')]);
      return openPrices(one, clock, env);
    })();
    return this.#prices;
  }

  async #verifyDeps(): Promise<VerifyDeps> {
    const session = await this.#deps.session();
    const { signal, clock } = this.#deps;
    const blocks = async () => (await import('../aws/ebs-blocks.ts')).blocksPort(session, signal);
    const { ebsPort } = await import('../aws/ec2-backups.ts');
    const unhurried = {
      ebs: ebsPort(session, clock),
      rds: async () => (await import('../aws/rds-backups.ts')).rdsPort(session),
      restore: async () => (await import('../aws/ec2-restore.ts')).restorePort(session, clock),
    };
    return { ...(await this.#restoreDeps()), blocks, unhurried };
  }

  async #restoreDeps() {
    const deps = await this.work();
    const { clock, signal } = this.#deps;
    const session = await this.#deps.session();
    const restore = async () => (await import('../aws/ec2-restore.ts')).restorePort(session, clock, signal);
    return { ...deps, restore };
  }

  async close(): Promise<void> {
    await this.#hosts.close();
  }
}
