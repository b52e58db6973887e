import type { Command } from '@oclif/core/command';
import { systemClock } from '../../base/clock.ts';
import type { Reporter } from '../../base/report.ts';
import { plural } from '../../base/text.ts';
import type { InstanceDesk, ScheduleDesk, TargetChoice } from '../../desks/index.ts';
import type { Doing, PlannedAct } from '../../instances/index.ts';
import { checkConfirmation, confirmMild, confirmSevere } from '../asking/prompt.ts';
import { tagsOf } from '../flags/manage-flags.ts';
import { painter } from '../terminal.ts';
import { planLines } from '../views/manage-plan-view.ts';
import { ProjectCommand } from './project-command.ts';

/** More than so many at once are only touched by the name of the environment. */
const MANY = 10;

interface Asked {
  readonly yes?: boolean;
  readonly confirm?: string | undefined;
}

/** A command about instances, groups and databases. */
export abstract class ManageCommand<T extends typeof Command = typeof Command> extends ProjectCommand<T> {
  /** From here on Ctrl-C is the command's to handle. */
  protected async instanceDesk(reporter?: Reporter): Promise<InstanceDesk> {
    const [{ openInstanceDesk }, project, shown] = await Promise.all([
      import('../../desks/index.ts'),
      this.glance(),
      reporter ?? this.reporter(),
    ]);
    const variable = await this.#variables(project.root, project.environment);
    return openInstanceDesk(
      {
        ...this.typed(),
        session: () => this.session(),
        variable,
        reporter: shown,
        clock: systemClock,
        signal: this.interrupts.watch(),
      },
      project,
    );
  }

  /** From here on Ctrl-C is the command's to handle. */
  protected async scheduleDesk(
    lock: { readonly wait?: number | undefined; readonly withoutLock?: boolean } = {},
    reporter?: Reporter,
  ): Promise<ScheduleDesk> {
    const [{ openScheduleDesk }, project, shown] = await Promise.all([
      import('../../desks/index.ts'),
      this.glance(),
      reporter ?? this.reporter(),
    ]);
    const signal = this.interrupts.watch();
    const session = () => this.session();
    return openScheduleDesk(
      { ...this.typed(), ...lock, session, reporter: shown, clock: systemClock, signal },
      project,
    );
  }

  /** Says where something is about to be changed, and refuses credentials of another account. */
  protected async sayWhere(): Promise<void> {
    const [{ assertAccount }, session, project] = await Promise.all([
      import('../../deploy/index.ts'),
      this.session(),
      this.glance(),
    ]);
    await this.sayPlace();
    await assertAccount({ project, session });
  }

  /** The file of secrets is read when the first variable is asked for that the environment does not have. */
  async #variables(root: string, environment: string): Promise<(name: string) => string | undefined> {
    const { hosts } = await this.glance();
    const wanted = [...hosts.values()].some((host) => /"env":/.test(JSON.stringify(host)));
    if (!wanted) return (name) => process.env[name];
    const { readSecretFiles } = await import('../../project/index.ts');
    return (await readSecretFiles(root, environment, {})).variable;
  }

  protected choice(): TargetChoice {
    const { host, tag, id } = this.flags as unknown as { host?: string[]; tag?: string[]; id?: string[] };
    return { hosts: host ?? [], tags: tagsOf(tag), ids: id ?? [] };
  }

  /** The command that does something else to the same targets. */
  protected again(doing: Doing): string {
    const { host, tag, id } = this.flags as unknown as { host?: string[]; tag?: string[]; id?: string[] };
    const given = [
      ...(host ?? []).map((one) => ` --host ${one}`),
      ...(tag ?? []).map((one) => ` --tag ${/[\s'"]/.test(one) ? JSON.stringify(one) : one}`),
      ...(id ?? []).map((one) => ` --id ${one}`),
    ];
    return `infractl manage ${doing}${given.join('')}${this.where}`;
  }

  /** The name that severe acts are confirmed with. */
  protected async confirmName(): Promise<string> {
    const { bare, name, environment } = await this.glance();
    return bare ? (await this.session()).region : `${name}-${environment}`;
  }

  /** A wrong --confirm is refused before anything is asked of AWS. */
  protected async checkConfirm(): Promise<void> {
    checkConfirmation(await this.confirmName(), (this.flags as Asked).confirm);
  }

  /** Says what will be done, where and to what; the plan's refusals are told as results. */
  protected async sayPlan(doing: Doing, plan: readonly PlannedAct[], desk: InstanceDesk): Promise<void> {
    if (plan.length === 0) return;
    const { account } = await (await this.session()).identity();
    const paint = painter(this.terminal.colourErr);
    const priceNote = await desk.priceNote();
    this.say(planLines(doing, plan, { account, priceNote, paint, columns: this.terminal.columns }));
  }

  /** Many targets, or data that is lost, want the name of the environment; the rest a yes. */
  protected async askBefore(doing: Doing, plan: readonly PlannedAct[]): Promise<void> {
    const touched = plan.filter(({ does, refusal }) => !refusal && does !== 'nothing' && does !== 'wait');
    if (touched.length === 0) return;
    const { yes = false, confirm } = this.flags as Asked;
    const name = await this.confirmName();
    if (confirm !== undefined) return checkConfirmation(name, confirm);
    const what = `${plural(touched.length, 'target')}`;
    if (touched.length > MANY || touched.some(({ severe }) => severe)) {
      const why = touched.length > MANY ? `That is ${what} at once.` : 'Data is lost by it.';
      return confirmSevere(this.prompter, { name, given: undefined, question: why });
    }
    const verb = doing === 'stop' ? 'Stop' : 'Restart';
    await confirmMild(this.prompter, { question: `${verb} ${what}?`, yes });
  }
}
