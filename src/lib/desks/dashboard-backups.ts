import { silentReporter } from '../base/report.ts';
import type { BackupLine } from '../monitoring/dashboard/index.ts';
import type { Project } from '../project/model.ts';
import { BackupDesk, type BackupDeskDeps } from './backup-desk.ts';

/** The newest good backup of each subject of each plan; a subject that has none, or a plan without any, is a line too. */
export async function newestBackups(
  deps: Omit<BackupDeskDeps, 'reporter'>,
  project: Project,
): Promise<BackupLine[]> {
  const desk = new BackupDesk({ ...deps, reporter: silentReporter }, project);
  try {
    const plans = await desk.plans({ names: [] });
    const good = (await desk.list(plans)).flatMap(({ backup }) => (backup.state === 'good' ? [backup] : []));
    return plans.flatMap(({ name, maxAge, wanted }): BackupLine[] => {
      const none = (subject: string | null) => ({
        plan: name,
        subject,
        id: null,
        at: null,
        maxAgeMs: maxAge,
      });
      const subjects = wanted.flatMap((one) => ('id' in one ? [one.id] : []));
      const newest = new Map<string, BackupLine>();
      for (const { plan, subject, id, at } of good) {
        const known = newest.get(subject)?.at ?? Number.NEGATIVE_INFINITY;
        if (plan === name && at > known) newest.set(subject, { plan, subject, id, at, maxAgeMs: maxAge });
      }
      const lacking = subjects.filter((subject) => !newest.has(subject)).map(none);
      const lines = [...newest.values(), ...lacking];
      return lines.length > 0 ? lines : [none(null)];
    });
  } finally {
    await desk.close();
  }
}
