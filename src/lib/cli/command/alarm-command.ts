import type { Command } from '@oclif/core/command';
import type { AlarmDesk, AlarmsReport } from '../../desks/index.ts';
import { ProjectCommand } from './project-command.ts';

/** A command that tells of the alarms of a project. */
export abstract class AlarmCommand<T extends typeof Command = typeof Command> extends ProjectCommand<T> {
  /** The alarms that were named, or all; what is missing of them is said. */
  protected async found(desk: AlarmDesk): Promise<AlarmsReport> {
    const report = await desk.list(this.words);
    for (const { stack, logicalId, physicalId } of report.gone)
      this.warnUser(`${physicalId} (${stack}/${logicalId}) is not there any more: it was deleted by hand.`);
    for (const trouble of report.troubles) this.warnUser(trouble.message);
    return report;
  }
}
