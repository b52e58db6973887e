import { isDeepStrictEqual } from 'node:util';
import { compareResources, sideOf } from '../diff/resources.ts';
import { policyDiff, settingDiffs } from '../diff/sections.ts';
import { busyWords, checkOwner } from '../guard.ts';
import type { StackState } from '../port.ts';
import { MADE_ANEW, nextStep, type Step } from '../states.ts';
import { readTemplate, type Template } from '../template/template.ts';
import { child, plain } from '../template/yaml.ts';
import { type PlannedChange, PROJECT_TAG, type StackDeps, type StackPlan, type StackSpec } from '../types.ts';
import { compareSettings } from './compare.ts';
import { checkedTemplate, compareWith, isOpenEnded, textAsDeployed } from './wanted.ts';
import { weighChange } from './weighing.ts';

/**
 * What a deploy would do, told by reading only: GetTemplate and DescribeStacks against what is wanted. It
 * knows which resources differ, not whether AWS would replace them: that takes a change set.
 *
 * @param unknown names of parameters whose value another part gives when it is deployed
 * @throws UsageError as `deployStack`; InfractlError `NotOurStack` (5).
 */
export async function planStack(
  deps: Pick<StackDeps, 'port' | 'clock' | 'weigh'>,
  spec: StackSpec,
  unknown: readonly string[] = [],
): Promise<StackPlan> {
  const template = await checkedTemplate(spec, unknown);
  const { wanted, state, deployed } = await compareWith(deps, spec, template);
  if (state) checkOwner(state, spec.tags[PROJECT_TAG], spec.otherEnvironments);
  const step = nextStep(state?.status, 'deploy');
  const note = state && noteOf(step, state, deps.clock.now());
  if (!state || deployed === undefined || MADE_ANEW.has(step.do)) {
    await weighChange(deps, spec, wanted.template, undefined, unknown);
    return creation(wanted.template, unknown, note);
  }

  const settings = compareSettings(wanted.template, state, spec, unknown);
  const now = readTemplate(spec.templateFile, deployed);
  // A deployed text without any place in S3: what the file names on this machine differs from all of it.
  const text = textAsDeployed(wanted, deployed);
  const then =
    text === undefined || text === wanted.template.text
      ? wanted.template
      : readTemplate(spec.templateFile, text);
  const secrets = Object.entries(spec.parameters).flatMap(([name, { secret }]) => (secret ? [name] : []));
  const open = new Set([...secrets, ...unknown]);
  const given = Object.fromEntries(Object.entries(spec.parameters).map(([name, { value }]) => [name, value]));
  const [before, after] = [sideOf(now, state.parameters, open), sideOf(then, given, open)];
  await weighChange(deps, spec, then, { state, template: deployed }, unknown);
  const resources = compareResources(before, after).map(({ action, logicalId, type }) => ({
    action: action === 'import' ? 'add' : action,
    logicalId,
    type,
  }));
  const differs =
    resources.length > 0 ||
    settings.parameters.length > 0 ||
    settings.tags.length > 0 ||
    settingDiffs(before, after, state, spec).length > 0 ||
    (await policyDiff(deps.port, spec, state)).length > 0 ||
    !isDeepStrictEqual(sections(now), sections(then));
  const undecided = settings.undecided.length > 0 || isOpenEnded(wanted);
  return {
    change: differs ? 'update' : undecided ? 'unknown' : 'unchanged',
    resources,
    parameters: settings.parameters,
    tags: settings.tags,
    undecided: settings.undecided,
    ...(note ? { note } : {}),
  };
}

function creation(template: Template, unknown: readonly string[], note: string | undefined): StackPlan {
  return {
    change: 'create',
    resources: [...template.resources].map(
      ([logicalId, { type }]): PlannedChange => ({ action: 'add', logicalId, type }),
    ),
    parameters: [],
    tags: [],
    undecided: unknown,
    ...(note ? { note } : {}),
  };
}

/** The parts of a template, beside its resources, that can change a stack. */
function sections(template: Template): unknown[] {
  const { root } = template.tree;
  return ['Outputs', 'Conditions', 'Globals'].map((name) => plain(child(root, name) ?? null));
}

/** What stands in the way of a deploy, or is done first; undefined: nothing. */
export function noteOf(step: Step, state: StackState, now: number): string | undefined {
  if (step.do === 'recreate')
    return `It is in ${state.status}: ${step.because}. It would be deleted first, then created.`;
  if (step.do === 'busy') return `It is ${busyWords(state, step.doing, now)}; a deploy would not start now.`;
  if (step.do === 'continue' || step.do === 'finish-deletion')
    return `It is in ${state.status}; a deploy asks how to get it out of that.`;
  if (step.do === 'refuse') return `It is in ${state.status}; a deploy would refuse it. ${step.because}`;
  return undefined;
}
