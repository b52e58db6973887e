import type { Command } from '@oclif/core/command';
import { plural } from '../../base/text.ts';
import type { InstanceDesk, TargetChoice } from '../../desks/index.ts';
import {
  type Absent,
  type ActResult,
  absentResult,
  type Doing,
  type PlannedAct,
  type PlanOptions,
  type Stage,
} from '../../instances/index.ts';
import { checkConfirmation, confirmMild, confirmSevere } from '../asking/prompt.ts';
import { timeoutsOf } from '../flags/manage-flags.ts';
import { painter } from '../terminal.ts';
import { planLines, planView } from '../views/manage-plan-view.ts';
import { actView } from '../views/manage-result-view.ts';
import type { View } from '../views/view.ts';
import { ManageCommand } from './manage-command.ts';

/** More than so many at once are only touched by the name of the environment. */
const MANY = 10;

interface Flags {
  readonly timeout: readonly string[] | undefined;
  readonly 'dry-run': boolean;
  readonly wait: boolean;
  readonly yes?: boolean;
  readonly confirm?: string | undefined;
}

interface Act {
  readonly options: PlanOptions;
  /** How far each target is followed where it is waited for. */
  readonly until: Stage;
  /** The opposite of it, for those that it has begun with when it is interrupted. */
  readonly opposite?: Doing;
  /** What comes after it when nobody asked for a dry run. */
  after?(desk: InstanceDesk, choice: TargetChoice, results: readonly ActResult[]): Promise<void>;
}

/** A command that starts, stops or restarts: plans, says it, asks, does it, says what it did. */
export abstract class ActCommand<T extends typeof Command = typeof Command> extends ManageCommand<T> {
  get #given(): Flags {
    return this.flags as unknown as Flags;
  }

  protected async act(doing: Doing, { options, until, opposite, after }: Act): Promise<View> {
    const choice = this.choice();
    const timeouts = timeoutsOf(this.#given.timeout);
    // A wrong --confirm is refused before anything is asked of AWS.
    const { confirm } = this.#given;
    if (confirm !== undefined) checkConfirmation(await this.#confirmName(), confirm);
    if (!this.#given['dry-run']) await this.guardProtected();
    const desk = await this.instanceDesk();
    await this.sayWhere();
    const { targets, absent } = await desk.present(choice);
    const plan = await desk.plan(doing, targets, options);
    await this.#sayPlan(doing, plan, absent, desk);
    if (this.#given['dry-run']) return planView(doing, plan, absent);
    if (doing !== 'start') await this.#askBefore(doing, plan);
    const order = { ...options, until: this.#given.wait ? until : undefined, timeouts };
    const done = await desk.act(doing, plan, order, opposite && this.#again(opposite));
    const results = [...done, ...absent.map(absentResult)];
    await after?.(desk, choice, results);
    return actView(doing, results, this.#again(doing === 'start' ? 'stop' : 'start'));
  }

  /** The name that severe acts are confirmed with. */
  async #confirmName(): Promise<string> {
    const { bare, name, environment } = await this.glance();
    return bare ? (await this.session()).region : `${name}-${environment}`;
  }

  /** The command that does something else to the same targets. */
  #again(doing: Doing): string {
    const { host, tag, id } = this.flags as unknown as { host?: string[]; tag?: string[]; id?: string[] };
    const given = [
      ...(host ?? []).map((one) => ` --host ${one}`),
      ...(tag ?? []).map((one) => ` --tag ${/[\s'"]/.test(one) ? JSON.stringify(one) : one}`),
      ...(id ?? []).map((one) => ` --id ${one}`),
    ];
    return `infractl manage ${doing}${given.join('')}${this.where}`;
  }

  /** Says what will be done, where and to what; the plan's refusals are told as results. */
  async #sayPlan(
    doing: Doing,
    plan: readonly PlannedAct[],
    absent: readonly Absent[],
    desk: InstanceDesk,
  ): Promise<void> {
    if (plan.length === 0) return;
    const { account } = await (await this.session()).identity();
    const paint = painter(this.terminal.colourErr);
    const priceNote = await desk.priceNote();
    const { columns } = this.terminal;
    this.say(planLines(doing, plan, { account, priceNote, paint, columns, absent }));
  }

  /** Many targets, or data that is lost, want the name of the environment; the rest a yes. */
  async #askBefore(doing: Doing, plan: readonly PlannedAct[]): Promise<void> {
    const touched = plan.filter(({ does, refusal }) => !refusal && does !== 'nothing' && does !== 'wait');
    if (touched.length === 0) return;
    const { yes = false, confirm } = this.#given;
    if (confirm !== undefined) return;
    const name = await this.#confirmName();
    const what = `${plural(touched.length, 'target')}`;
    if (touched.length > MANY || touched.some(({ severe }) => severe)) {
      const why = touched.length > MANY ? `That is ${what} at once.` : 'Data is lost by it.';
      return confirmSevere(this.prompter, { name, given: undefined, question: why });
    }
    const verb = doing === 'stop' ? 'Stop' : 'Restart';
    await confirmMild(this.prompter, { question: `${verb} ${what}?`, yes });
  }
}
