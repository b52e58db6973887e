import type { Command } from '@oclif/core/command';
import * as Flags from '@oclif/core/flags';
import type { Plan } from '../../backups/index.ts';
import { UsageError } from '../../base/errors.ts';
import type { Reporter } from '../../base/report.ts';
import type { BackupDesk, PlanChoice } from '../../desks/index.ts';
import type { BackupPolicy, BackupTarget } from '../../project/model.ts';
import { ProjectCommand } from './project-command.ts';

const count = (description: string) =>
  Flags.integer({ description, min: 0, max: 10_000, helpGroup: 'KEEP', helpValue: 'N' });

/** What is kept, in place of what the plan says. */
export const keepFlags = {
  'keep-last': count('Keep so many of the newest.'),
  'keep-hourly': count('Keep the newest of each of the last hours that have one.'),
  'keep-daily': count('Keep the newest of each of the last days that have one.'),
  'keep-weekly': count('Keep the newest of each of the last weeks that have one.'),
  'keep-monthly': count('Keep the newest of each of the last months that have one.'),
  'keep-yearly': count('Keep the newest of each of the last years that have one.'),
  'keep-within': Flags.string({
    description: 'Keep all that is so much younger than the newest: 7d, 36h, 2w, 3mo, 1y.',
    helpGroup: 'KEEP',
    helpValue: 'SPAN',
  }),
};

/** What to back up, in place of what the plan says. */
export const targetFlags = {
  instance: Flags.string({ description: 'An EC2 instance.', multiple: true, helpValue: 'i-…' }),
  volume: Flags.string({ description: 'An EBS volume.', multiple: true, helpValue: 'vol-…' }),
  database: Flags.string({ description: 'An RDS instance.', multiple: true, helpValue: 'NAME' }),
  tag: Flags.string({
    description: 'All EC2 instances that have all of these tags.',
    multiple: true,
    helpValue: 'KEY=VALUE',
  }),
};

interface Given {
  readonly [flag: string]: unknown;
}

/** A command that works on backups. Connections to hosts are closed when it ends, however it ends. */
export abstract class BackupCommand<T extends typeof Command = typeof Command> extends ProjectCommand<T> {
  #desk: Promise<BackupDesk> | undefined;

  /** From here on Ctrl-C is the command's to handle. */
  protected backupDesk(reporter?: Reporter): Promise<BackupDesk> {
    this.#desk ??= (async () => {
      const [{ openBackupDesk }, { systemClock }, { project, variable }, shown] = await Promise.all([
        import('../../desks/index.ts'),
        import('../../base/clock.ts'),
        this.project(),
        reporter ?? this.reporter(),
      ]);
      return openBackupDesk(
        {
          ...this.typed(),
          session: () => this.session(),
          variable,
          signal: this.interrupts.watch(),
          reporter: shown,
          clock: systemClock,
        },
        project,
      );
    })();
    return this.#desk;
  }

  /** The plans that the words and flags of this command line mean. */
  protected async plans(desk: BackupDesk, names: readonly string[]): Promise<Plan[]> {
    return desk.plans(await this.choice(names));
  }

  /** All plans; of a project without any, what flags have made. */
  protected async allPlans(desk: BackupDesk): Promise<Plan[]> {
    const { project } = await this.project();
    return desk.plans({ names: project.backups.size > 0 ? [] : ['manual'] });
  }

  protected async choice(names: readonly string[]): Promise<PlanChoice> {
    const given = this.flags as Given;
    const policy = await policyOf(given);
    return { names, targets: targetsOf(given), ...(policy ? { policy } : {}) };
  }

  protected override async finally(): Promise<void> {
    await (await this.#desk?.catch(() => undefined))?.close();
    await super.finally();
  }
}

function targetsOf(given: Given): BackupTarget[] {
  const list = (flag: string) => (given[flag] as readonly string[] | undefined) ?? [];
  const tags = Object.fromEntries(list('tag').map(tagOf));
  return [
    ...list('instance').map((instance) => ({ instance })),
    ...list('volume').map((volume) => ({ volume })),
    ...list('database').map((database) => ({ database })),
    ...(Object.keys(tags).length > 0 ? [{ tags, of: 'instances' as const }] : []),
  ];
}

function tagOf(written: string): [string, string] {
  const at = written.indexOf('=');
  if (at > 0) return [written.slice(0, at), written.slice(at + 1)];
  throw new UsageError({
    code: 'BadTag',
    message: `"${written}" is no tag: write --tag KEY=VALUE.`,
    suggestions: ['--tag Role=web'],
  });
}

/** @throws UsageError `BadSpan`, `PolicyKeepsNothing` */
async function policyOf(given: Given): Promise<BackupPolicy | undefined> {
  const rules = ['last', 'hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const;
  const counts = Object.fromEntries(
    rules.flatMap((rule) => (given[`keep-${rule}`] === undefined ? [] : [[rule, given[`keep-${rule}`]]])),
  ) as BackupPolicy;
  const written = given['keep-within'] as string | undefined;
  if (written === undefined && Object.keys(counts).length === 0) return undefined;
  const { parseSpan } = await import('../../project/index.ts');
  const ms = written === undefined ? undefined : parseSpan(written);
  if (written !== undefined && ms === undefined) {
    throw new UsageError({
      code: 'BadSpan',
      message: `--keep-within ${written} is no span of time.`,
      suggestions: ['Write it as 7d, 36h, 2w, 3mo or 1y6mo.'],
    });
  }
  if (ms === undefined && Object.values(counts).every((value) => value === 0)) {
    throw new UsageError({
      code: 'PolicyKeepsNothing',
      message: 'These rules would keep nothing.',
      suggestions: ['Give at least one --keep-… above zero.'],
    });
  }
  return { ...counts, ...(ms && written ? { within: { ms, written } } : {}) };
}
