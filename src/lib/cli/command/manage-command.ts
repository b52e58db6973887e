import type { Command } from '@oclif/core/command';
import { systemClock } from '../../base/clock.ts';
import type { Reporter } from '../../base/report.ts';
import type { InstanceDesk, ScheduleDesk, TargetChoice } from '../../desks/index.ts';
import { tagsOf } from '../flags/manage-flags.ts';
import { ProjectCommand } from './project-command.ts';

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
    const given = this.flags as unknown as {
      readonly host?: string[];
      readonly tag?: string[];
      readonly id?: string[];
      readonly 'skip-gone'?: boolean;
    };
    const { host = [], tag, id = [], 'skip-gone': skipGone = false } = given;
    return { hosts: host, tags: tagsOf(tag), ids: id, skipGone };
  }
}
