import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { UsageError } from '../../../lib/base/errors.ts';
import { ProjectCommand } from '../../../lib/cli/command/project-command.ts';
import { millisecondsOf } from '../../../lib/cli/flags/duration-flag.ts';
import { silencedView, unsilencedView } from '../../../lib/cli/views/alarms-view.ts';
import type { View } from '../../../lib/cli/views/view.ts';

export default class MonitoringAlarmsSilence extends ProjectCommand<typeof MonitoringAlarmsSilence> {
  static override summary = 'Keep alarms from acting for a time that ends by itself.';
  static override description =
    'It makes a mute rule of CloudWatch of one time for each alarm: the alarm goes on changing its state, its actions ' +
    'are not carried out, and AWS ends it at the minute, whatever becomes of this machine. Again replaces the end.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> auth-manager-dev-errors --for 2h',
    { description: 'Sooner', command: '<%= config.bin %> <%= command.id %> auth-manager-dev-errors --off' },
  ];
  static override strict = false;
  static override args = {
    name: Args.string({ description: 'Alarms.', required: true, ignoreStdin: true }),
  };
  static override flags = {
    for: Flags.string({
      description: 'How long: 30m, 2h, 1d; at most 15d.',
      default: '1h',
      helpValue: 'TIME',
    }),
    off: Flags.boolean({ description: 'End what this command began.', exclusive: ['for'] }),
  };

  protected override async work(): Promise<View> {
    const ms = millisecondsOf('--for', this.flags.for);
    await this.guardProtected();
    const desk = await this.alarmDesk();
    const { alarms, canSilence } = await desk.named(this.words);
    const names = alarms.map(({ alarm }) => alarm.name);
    if (!canSilence) {
      throw new UsageError({
        code: 'NoMuteRules',
        message: 'There are no mute rules here, which silencing rests on.',
        why: 'This AWS does not know ListAlarmMuteRules; the sandbox does not either.',
      });
    }
    await this.sayPlace();
    if (this.flags.off) return unsilencedView(names, await desk.endSilences(alarms));
    for (const { alarm } of alarms)
      if (!alarm.actionsEnabled) this.warnUser(`The actions of ${alarm.name} are off already.`);
    const { arn } = await (await this.session()).identity();
    return silencedView(await desk.silence(alarms, ms, arn), this.where);
  }
}
