import type { Command } from '@oclif/core/command';
import * as Flags from '@oclif/core/flags';
import { proxyPasswords } from '../../aws/proxy.ts';
import type { AwsSession } from '../../aws/session.ts';
import type { AwsCall } from '../../aws/trace.ts';
import type { Clock } from '../../base/clock.ts';
import { UsageError } from '../../base/errors.ts';
import type { Reporter } from '../../base/report.ts';
import type { Candidate, FarKind } from '../../completion/index.ts';
import type { DeployDeps, MissingParameter } from '../../deploy/index.ts';
import type { AlarmDesk, DeskDeps, StackDesk } from '../../desks/index.ts';
import { glanceAtProject, loadProject, type Salvaged } from '../../project/index.ts';
import type { Project } from '../../project/model.ts';
import { painter } from '../terminal.ts';
import { placeLine } from '../views/deploy-view.ts';
import { BaseCommand, type FlagsOf, type Needs } from './base-command.ts';

/** Milliseconds: sooner than a connection is given up. */
const SILENCE = 8000;

type ProjectFlags = FlagsOf<typeof Command> & {
  profile?: string | undefined;
  region?: string | undefined;
  env?: string | undefined;
  sandbox: boolean;
  json: boolean;
};

/** `aws cloudformation:DescribeStacks eu-west-3 200, 12 ms`, and which attempt it was after the first. */
function callLine({ action, region, status, ms, attempt }: AwsCall): string {
  return `aws ${action} ${region} ${status}, ${Math.round(ms)} ms${attempt > 1 ? `, attempt ${attempt}` : ''}`;
}

/** A command that works on a project and talks to AWS. Both are opened on first use. */
export abstract class ProjectCommand<T extends typeof Command = typeof Command> extends BaseCommand<
  T & typeof BaseCommand
> {
  static override baseFlags = {
    ...BaseCommand.baseFlags,
    profile: Flags.string({ char: 'p', description: 'AWS profile to use.', helpGroup: 'AWS' }),
    region: Flags.string({ char: 'r', description: 'AWS region to use.', helpGroup: 'AWS' }),
    env: Flags.string({ char: 'e', description: 'Environment of the project.', helpGroup: 'AWS' }),
    sandbox: Flags.boolean({
      description: 'Use the AWS of this machine (infractl sandbox).',
      helpGroup: 'AWS',
      env: 'INFRACTL_SANDBOX',
    }),
  };

  static override needs: Needs = 'project';

  #project: Promise<Salvaged> | undefined;
  #glance: Promise<Project> | undefined;
  #salvage: Promise<Salvaged> | undefined;
  #session: Promise<AwsSession> | undefined;
  #opened: AwsSession | undefined;

  get #aws(): ProjectFlags {
    return this.flags as unknown as ProjectFlags;
  }

  /** The project around the current folder, in the environment chosen; its warnings are said once. */
  protected project(): Promise<Salvaged> {
    this.#project ??= (async () => {
      const { readImports } = await import('../../stacks/index.ts');
      const loaded = await loadProject({ ...this.#where(), imports: readImports }).catch(this.#without);
      for (const warning of loaded.warnings) this.warnUser(warning);
      return loaded;
    })();
    return this.#project;
  }

  /** The project for a command that changes nothing of it: quicker, and a template that is missing does not matter. */
  protected glance(): Promise<Project> {
    this.#glance ??= (async () => {
      const { project, warnings } = await glanceAtProject(this.#where(), this.config.version).catch(
        this.#without,
      );
      for (const warning of warnings) this.warnUser(warning);
      return project;
    })();
    return this.#glance;
  }

  /** The project for a command that mends what a wrong configuration may have broken: see `salvageProject`. */
  protected async salvage(name?: string): Promise<Project> {
    this.#salvage ??= (async () => {
      const { salvageProject } = await import('../../project/index.ts');
      const found = await salvageProject(this.#where(), name);
      for (const warning of found.warnings) this.warnUser(warning);
      return found;
    })();
    return (await this.#salvage).project;
  }

  /**
   * What stands in where there is no project, or one with mistakes, for a command that can do without: in the
   * first case flags and words say all; in the second they say what it is about, and what can be read says where.
   */
  readonly #without = async (failure: unknown): Promise<Salvaged> => {
    if ((this.ctor as unknown as typeof ProjectCommand).needs !== 'names') throw failure;
    const { bareProject, ConfigurationError, salvageProject } = await import('../../project/index.ts');
    if (!(failure instanceof ConfigurationError)) return bareProject(this.#where(), failure);
    if (!this.namesAll) throw failure;
    return salvageProject(this.#where());
  };

  /** Whether the command line names what it is about by what it is called in AWS. */
  protected get namesAll(): boolean {
    const flags = this.flags as Readonly<Record<string, unknown>>;
    if (['id', 'tag', 'instance', 'volume', 'database'].some((flag) => flags[flag] !== undefined))
      return flags.host === undefined;
    const stacks = 'stack' in this.ctor.args && this.words.length > 0;
    return stacks || this.words.some((word) => word.startsWith('/'));
  }

  /** Whichever is there already: all name the same place. */
  async #known(): Promise<Project> {
    if (this.#salvage) return (await this.#salvage).project;
    return this.#project ? (await this.#project).project : this.glance();
  }

  #where() {
    const { env, region, profile } = this.#aws;
    return { cwd: process.cwd(), environment: env, region, profile };
  }

  /** Which AWS: the sandbox, or the profile and region that flags, environment and project name. */
  protected session(): Promise<AwsSession> {
    this.#session ??= this.#open(() => this.#known());
    return this.#session;
  }

  /** The same where there may be no project: flags and environment alone name the AWS then, and what can be read of one with mistakes. */
  protected sessionAnywhere(): Promise<AwsSession> {
    this.#session ??= this.#open(() => this.#known().catch(() => this.#readable()));
    return this.#session;
  }

  async #readable(): Promise<Partial<Pick<Project, 'profile' | 'region'>>> {
    const { salvageProject } = await import('../../project/index.ts');
    const found = await salvageProject(this.#where()).catch(() => undefined);
    return found?.project ?? {};
  }

  async #open(known: () => Promise<Partial<Pick<Project, 'profile' | 'region'>>>): Promise<AwsSession> {
    const { openSession } = await import('../../aws/session.ts');
    const project = await known();
    this.#hideKeys();
    const { profile, region, sandbox } = this.#aws;
    const target = sandbox ? await (await import('../../sandbox/index.ts')).sandboxTarget() : undefined;
    this.#opened = await openSession(
      { profile, region },
      { profile: project.profile, region: project.region },
      target,
      process.env,
      { ...this.#listener(), ...(sandbox ? {} : this.#silence()) },
    );
    return this.#opened;
  }

  /** Keeps names that this command shows for the shell's completion. */
  protected async rememberNames(kind: FarKind, names: readonly Candidate[]): Promise<void> {
    const [{ rememberNames }, { bare, file, environment }] = await Promise.all([
      import('../../completion/index.ts'),
      this.#known(),
    ]);
    // Names are kept for a project; the completion of another folder would offer these.
    if (bare) return;
    const of = { file, environment, sandbox: this.#aws.sandbox };
    rememberNames(kind, of, { at: Date.now(), names });
  }

  /** Told of every attempt of every AWS call, where it is set before the session is opened. */
  protected onCall: ((call: AwsCall) => void) | undefined;

  #listener(): Pick<AwsSession, 'onCall'> {
    const { onCall, debugging } = this;
    if (!debugging) return onCall ? { onCall } : {};
    return {
      onCall: (call) => {
        onCall?.(call);
        this.say(callLine(call));
      },
    };
  }

  /** Whether it is said here that AWS does not answer: not where the command's own screen says it. */
  protected get saysSilence(): boolean {
    return true;
  }

  #silence(): Pick<AwsSession, 'silence'> {
    if (!this.saysSilence) return {};
    let said = false;
    const tell = (action: string, region: string) => {
      if (said) return;
      said = true;
      this.warnUser(
        `AWS has not answered ${action} in ${region} for ${SILENCE / 1000} s; trying on. Ctrl-C ends it.`,
      );
    };
    return { silence: { after: SILENCE, tell } };
  }

  /** AWS repeats what was signed, the session token included, when it does not accept a signature. */
  #hideKeys(): void {
    for (const name of ['AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN']) {
      const value = process.env[name] ?? '';
      // Shorter ones are no real keys: the sandbox's is an ordinary word.
      if (value.length >= 16) this.redactor.add(value);
    }
    for (const password of proxyPasswords(process.env)) this.redactor.add(password);
  }

  /** What a deploy or a destroy needs of this process. From here on Ctrl-C is the command's to handle. */
  protected async deployDeps(clock: Clock): Promise<DeployDeps> {
    const [session, { variable }, reporter] = await Promise.all([
      this.session(),
      this.#salvage ?? this.project(),
      this.reporter(),
    ]);
    const ask = (missing: MissingParameter) =>
      this.prompter.text(
        {
          message: `${missing.name} of the stack ${missing.stack}${missing.description ? ` (${missing.description})` : ''}:`,
          otherwise: `Add it to infractl.yaml under stacks.${missing.stack}.parameters.`,
        },
        { secret: missing.secret, validate: (answer) => missing.problem(answer) ?? true },
      );
    return {
      session,
      reporter,
      clock,
      signal: this.interrupts.watch(),
      variable,
      ...this.typed(),
      ...(this.prompter.canAsk ? { ask } : {}),
    };
  }

  /** What was typed, by whom answered, and what the journal wants of it. */
  protected typed() {
    return {
      redactor: this.redactor,
      env: process.env,
      where: this.where,
      interruption: () => this.interrupts.choice,
      // No flag of infractl takes a secret, so the line as it was typed holds none.
      commandLine: [...(this.id?.split(':') ?? []), ...this.argv].join(' '),
      version: this.config.version,
    };
  }

  /** Looking at stacks and steering them. From here on Ctrl-C is the command's to handle. */
  protected async stackDesk(reporter?: Reporter): Promise<StackDesk> {
    const [{ openStackDesk }, project, deps] = await Promise.all([
      import('../../desks/index.ts'),
      this.glance(),
      this.deskDeps(reporter),
    ]);
    return openStackDesk(deps, project);
  }

  /** The alarms of the stacks. From here on Ctrl-C is the command's to handle. */
  protected async alarmDesk(): Promise<AlarmDesk> {
    const [{ openAlarmDesk }, { silentReporter }, project] = await Promise.all([
      import('../../desks/index.ts'),
      import('../../base/report.ts'),
      this.glance(),
    ]);
    return openAlarmDesk(await this.deskDeps(silentReporter), project);
  }

  /** What looking at stacks needs of this process. From here on Ctrl-C is the command's to handle. */
  protected async deskDeps(reporter?: Reporter): Promise<DeskDeps> {
    const [{ systemClock }, session, shown] = await Promise.all([
      import('../../base/clock.ts'),
      this.session(),
      reporter ?? this.reporter(),
    ]);
    const signal = this.interrupts.watch();
    return { session, reporter: shown, clock: systemClock, signal, ...this.typed() };
  }

  /** The flags that lead a further command to the place of this one, as they were given here. */
  protected override get where(): string {
    const { env, profile, region } = this.#aws;
    const given = Object.entries({ env, profile, region })
      .flatMap(([name, value]) => (value ? [` --${name} ${/\s/.test(value) ? `'${value}'` : value}`] : []))
      .join('');
    return this.argv.includes('--sandbox') ? `${given} --sandbox` : given;
  }

  protected override get place(): AwsSession | undefined {
    return this.#opened;
  }

  /** Says where this command acts, before it does. */
  protected async sayPlace(): Promise<void> {
    const [session, { bare, name, environment }] = await Promise.all([this.session(), this.#known()]);
    const { region, profile, sandbox } = session;
    if (this.#aws.json) return;
    const of = bare ? {} : { project: name, environment };
    this.say(placeLine({ ...of, region, profile, sandbox }, painter(this.terminal.colourErr)));
  }

  /** Whether this command line may change the environment. */
  protected async mayChange(): Promise<boolean> {
    const project = await this.#known();
    return !project.protected || this.#aws.env === project.environment;
  }

  /** `protected` environments are changed only when `--env NAME` says so on this command line. */
  protected async guardProtected(): Promise<void> {
    const project = await this.#known();
    if (await this.mayChange()) return;
    throw new UsageError({
      code: 'ProtectedEnvironment',
      message: `The environment ${project.environment} is protected: name it on the command line.`,
      suggestions: [`Give --env ${project.environment}.`],
    });
  }
}
