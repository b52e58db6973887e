import type { Command } from '@oclif/core/command';
import type { CostDesk } from '../../desks/index.ts';
import { ProjectCommand } from './project-command.ts';

/** A command about what a project costs. */
export abstract class CostsCommand<T extends typeof Command = typeof Command> extends ProjectCommand<T> {
  protected async costDesk(): Promise<CostDesk> {
    const [{ openCostDesk }, { systemClock }, project, session] = await Promise.all([
      import('../../desks/index.ts'),
      import('../../base/clock.ts'),
      this.glance(),
      this.session(),
    ]);
    return openCostDesk({ session, clock: systemClock, env: process.env }, project);
  }
}
