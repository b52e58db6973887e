import { silentReporter } from '../base/report.ts';
import type { BackupLine } from '../monitoring/dashboard/index.ts';
import type { Project } from '../project/model.ts';
import { BackupDesk, type BackupDeskDeps } from './backup-desk.ts';

/** The newest good backup of each subject of each plan; a plan without any is a line too. */
export async function newestBackups(
  deps: Omit<BackupDeskDeps, 'reporter'>,
  project: Project,
): Promise<BackupLine[]> {
  const desk = new BackupDesk({ ...deps, reporter: silentReporter }, project);
  try {
    const plans = await desk.plans({ names: [] });
    const good = (await desk.list(plans)).flatMap(({ backup }) => (backup.state === 'good' ? [backup] : []));
    return plans.flatMap(({ name, maxAge }): BackupLine[] => {
      const newest = new Map<string, BackupLine>();
      for (const { plan, subject, id, at } of good) {
        const known = newest.get(subject)?.at ?? Number.NEGATIVE_INFINITY;
        if (plan === name && at > known) newest.set(subject, { plan, subject, id, at, maxAgeMs: maxAge });
      }
      if (newest.size === 0) return [{ plan: name, subject: null, id: null, at: null, maxAgeMs: maxAge }];
      return [...newest.values()];
    });
  } finally {
    await desk.close();
  }
}
