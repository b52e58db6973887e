import { dlmTemplate, type Moment, type Plan } from '../backups/index.ts';
import { Services } from '../deploy/services.ts';
import type { Project } from '../project/model.ts';
import { deleteStack, deployStack, ENVIRONMENT_TAG, PART_TAG, PROJECT_TAG } from '../stacks/index.ts';
import type { BackupDeskDeps } from './backup-desk.ts';
import { underLock } from './recording.ts';

const TIMEOUT = 15 * 60_000;

/** `mbot-backup-nightly-prod`: the stack that holds the policy of a plan. */
export const dlmStackName = ({ name, environment }: Project, plan: string) =>
  `${name}-backup-${plan}-${environment}`;

/** A stack with a policy of Data Lifecycle Manager for a plan, made or brought up to date. */
export async function installDlm(
  deps: BackupDeskDeps,
  project: Project,
  plan: Plan,
  at: Moment,
): Promise<{ readonly stackName: string; readonly changed: boolean }> {
  const owner = { project: project.name, environment: project.environment };
  const stackName = dlmStackName(project, plan.name);
  // What it cannot do is refused before anything is asked of AWS.
  const templateText = dlmTemplate(plan, owner, at);
  const deployed = async () =>
    deployStack(await stacks(deps, project), {
      part: `stack backup-${plan.name}`,
      stackName,
      templateFile: `${stackName}.json`,
      templateText,
      parameters: {},
      tags: {
        [PROJECT_TAG]: project.name,
        [ENVIRONMENT_TAG]: project.environment,
        [PART_TAG]: `backup-${plan.name}`,
      },
      timeout: TIMEOUT,
    });
  const result = await underLock(deps, project, deployed);
  return { stackName, changed: result.outcome !== 'unchanged' };
}

/** Takes the stack away; the snapshots stay. False when there was none. */
export async function uninstallDlm(deps: BackupDeskDeps, project: Project, plan: string): Promise<boolean> {
  const order = {
    part: `stack backup-${plan}`,
    stackName: dlmStackName(project, plan),
    timeout: TIMEOUT,
    project: project.name,
  };
  const deleted = async () => deleteStack(await stacks(deps, project), order);
  return (await underLock(deps, project, deleted)) === 'deleted';
}

async function stacks(deps: BackupDeskDeps, project: Project) {
  const needs = { ...deps, session: await deps.session(), projectName: project.name };
  return new Services(needs, async () => {}).stacks();
}
