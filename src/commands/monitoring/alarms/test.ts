import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { listed } from '../../../lib/base/text.ts';
import { confirmMild } from '../../../lib/cli/asking/prompt.ts';
import { ProjectCommand } from '../../../lib/cli/command/project-command.ts';
import { testedView } from '../../../lib/cli/views/alarms-view.ts';
import type { View } from '../../../lib/cli/views/view.ts';
import type { ProjectAlarm } from '../../../lib/desks/index.ts';
import { type AlarmStateName, actionWords } from '../../../lib/monitoring/index.ts';

const STATES = ['ALARM', 'OK', 'INSUFFICIENT_DATA'] as const;

export default class MonitoringAlarmsTest extends ProjectCommand<typeof MonitoringAlarmsTest> {
  static override summary = 'Set the state of an alarm, to see whether its actions arrive.';
  static override description =
    'The actions are carried out as if it were so: messages are sent, instances may be stopped, groups scaled. ' +
    'They are named first. CloudWatch sets the state right when it next looks at the metric.';
  static override examples = ['<%= config.bin %> <%= command.id %> auth-manager-dev-errors --yes'];
  static override args = {
    name: Args.string({ description: 'The alarm.', required: true, ignoreStdin: true }),
  };
  static override flags = {
    state: Flags.option({ options: STATES, default: 'ALARM', description: 'The state to set.' })(),
    yes: Flags.boolean({ char: 'y', description: 'Do it without asking.' }),
  };

  protected override async work(): Promise<View> {
    const { state, yes } = this.flags;
    await this.guardProtected();
    const desk = await this.alarmDesk();
    const { alarms } = await desk.named([this.args.name]);
    const one = alarms[0] as ProjectAlarm;
    if (one.alarm.state === state) return testedView(one, state, false, this.where);
    await this.sayPlace();
    this.say(`${one.alarm.name} goes from ${one.alarm.state} to ${state}: ${effects(one, state)}.`);
    await confirmMild(this.prompter, { question: `Set ${one.alarm.name} to ${state}?`, yes });
    const { arn } = await (await this.session()).identity();
    await desk.setState(one, state, arn);
    return testedView(one, state, true, this.where);
  }
}

function effects({ alarm, silences }: ProjectAlarm, state: AlarmStateName): string {
  const actions = alarm.actions[state];
  if (actions.length === 0) return 'it has no actions for that';
  if (!alarm.actionsEnabled) return 'its actions are off, so that nothing is done';
  if (silences.some(({ active }) => active)) return 'it is silenced, so that nothing is done';
  return `it ${listed(actions.map(actionWords))}`;
}
