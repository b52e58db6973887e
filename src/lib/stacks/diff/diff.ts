import { compareSettings } from '../change/compare.ts';
import { noteOf } from '../change/plan.ts';
import { deniedBy, policyFor } from '../change/stack-policy.ts';
import {
  checkedTemplate,
  compareWith,
  isDeployedText,
  isOpenEnded,
  lookable,
  textAsDeployed,
  type Wanted,
} from '../change/wanted.ts';
import { findingWords } from '../diagnosis/findings.ts';
import { checkOwner } from '../guard.ts';
import { inventoryOf } from '../inventory.ts';
import type { Change, StackState, StacksPort } from '../port.ts';
import { isSettled, MADE_ANEW, nextStep } from '../states.ts';
import { readTemplate, type Template } from '../template/template.ts';
import { PROJECT_TAG, type StackDeps, type StackSpec } from '../types.ts';
import { levelOf } from './level.ts';
import { look, mayNotLook, type Seen, sweep } from './look.ts';
import { resourcesIn } from './merge.ts';
import { type Side, sideOf } from './resources.ts';
import {
  conditionDiffs,
  outputDiffs,
  parameterDiffs,
  policyDiff,
  settingDiffs,
  tagDiffs,
} from './sections.ts';
import type { StackDiff } from './types.ts';

export interface DiffOrder {
  /** With `templateText` and `previous` it is a stack of an earlier deploy. */
  readonly spec: StackSpec;
  /** Parameters whose value another part gives when it is deployed. */
  readonly later?: readonly string[];
  /** Asks AWS by a change set, which is removed again; without it the templates alone are compared. */
  readonly changeSet: boolean;
}

/**
 * What a deploy would do with a stack: which resources, which of their properties from what to what, which are
 * made anew, whose data goes, which rights and ways in are new. Changes nothing that lasts.
 *
 * @throws UsageError as `deployStack`; InfractlError `NotOurStack` (5), `ChangeSetFailed`,
 * `ChangeSetRefused` (1) when AWS refuses the changes; Interrupted (130).
 */
export async function diffStack(deps: StackDeps, order: DiffOrder): Promise<StackDiff> {
  const { spec, later = [] } = order;
  const template = await checkedTemplate(spec, later);
  const { wanted, state, deployed } = await compareWith(deps, spec, template);
  if (state) checkOwner(state, spec.tags[PROJECT_TAG], spec.otherEnvironments);
  const step = nextStep(state?.status, 'deploy');
  const isNew = !state || deployed === undefined || MADE_ANEW.has(step.do);
  const notes: string[] = [];
  const note = state && noteOf(step, state, deps.clock.now());
  if (note) notes.push(note);

  const secrets = new Set(
    Object.entries(spec.parameters).flatMap(([name, { secret }]) => (secret ? [name] : [])),
  );
  // What is taken over from the stack is what the journal may not know.
  for (const name of spec.previous ?? []) secrets.add(name);
  const sides = sidesOf(order, wanted, isNew ? undefined : state, deployed, secrets);
  const current = isNew ? undefined : state;
  const level = await levelOf(deps.port, {
    stack: current?.stackId,
    ...sides,
    local: wanted.template,
    secrets,
    textOf: (nested) => nestedText(wanted, deployed, nested),
  });
  await deps.weigh?.(spec.part, level.before && inventoryOf(level, 'before'), inventoryOf(level, 'after'));
  const settings = [
    ...settingDiffs(sides.before, sides.after, current, spec),
    ...(await policyDiff(deps.port, spec, current)),
  ];

  const canAsk = order.changeSet && (step.do === 'update' || (step.do === 'create' && later.length === 0));
  const same =
    !isNew && state !== undefined && deployed !== undefined && isSame(order, wanted, state, deployed);
  const seen = canAsk && !same ? await ask(deps, order, wanted, isNew, state, notes) : undefined;
  const resources = resourcesIn(level, seen?.changes ?? (seen ? [] : undefined));
  for (const finding of seen?.warnings ?? []) notes.push(findingWords(finding));
  if (current && seen?.changes) notes.push(...(await refusals(deps.port, spec, current, seen.changes)));
  const unknown = seen ? later.length > 0 : !same && isOpenEnded(wanted);
  const parameters = parameterDiffs(wanted.template, current, spec, later, secrets);
  const sections = {
    // What AWS was asked about and reading cannot compare shows in the resources.
    parameters: seen
      ? parameters.filter(({ name, unknown: open }) => later.includes(name) || (seen.changes && !open))
      : parameters,
    outputs: outputDiffs(sides.before, sides.after),
    conditions: conditionDiffs(sides.before, sides.after),
    tags: tagDiffs(wanted.template, current, spec),
    settings,
  };
  const sure = [
    ...resources,
    ...Object.values(sections)
      .flat()
      .filter((one) => !one.unknown),
  ];
  const unsure = unknown || sections.parameters.some((one) => one.unknown && !seen);
  return {
    part: spec.part,
    stackName: spec.stackName,
    change: isNew ? 'create' : sure.length > 0 || seen?.changes ? 'update' : unsure ? 'unknown' : 'unchanged',
    basis: seen ? 'change set' : 'templates',
    resources,
    ...sections,
    notes,
  };
}

function sidesOf(
  order: DiffOrder,
  wanted: Wanted,
  state: StackState | undefined,
  deployed: string | undefined,
  secrets: ReadonlySet<string>,
): { readonly before: Side | undefined; readonly after: Side } {
  const { spec, later = [] } = order;
  const open = new Set([...secrets, ...later, ...(spec.previous ?? [])]);
  const given = Object.fromEntries(Object.entries(spec.parameters).map(([name, { value }]) => [name, value]));
  const text = deployed === undefined ? undefined : textAsDeployed(wanted, deployed);
  const then =
    text === undefined || text === wanted.template.text
      ? wanted.template
      : readTemplate(spec.templateFile, text);
  return {
    before:
      state && deployed !== undefined
        ? sideOf(readTemplate(spec.templateFile, deployed), state.parameters, open)
        : undefined,
    after: sideOf(then, given, open),
  };
}

/** What a deploy would be refused for by the stack's policy. */
async function refusals(
  port: StacksPort,
  spec: StackSpec,
  state: StackState,
  changes: readonly Change[],
): Promise<string[]> {
  const policy = await policyFor(port, spec, state);
  return (policy === undefined ? [] : deniedBy(policy, changes)).map(
    ({ logicalId, action }) =>
      `The stack policy denies ${action} of ${logicalId}: a deploy would be refused.`,
  );
}

/** A nested template as it would be sent, where the deployed text says to which bucket. */
function nestedText(wanted: Wanted, deployed: string | undefined, nested: Template): string {
  const where = deployed === undefined ? undefined : wanted.packaged?.whereIn(deployed);
  return (where && wanted.packaged?.nestedText(nested.file, where)) ?? nested.text;
}

/** Whether reading alone tells that nothing differs. */
function isSame(
  { spec, later = [] }: DiffOrder,
  wanted: Wanted,
  state: StackState,
  deployed: string,
): boolean {
  if (!isSettled(state.status) || isOpenEnded(wanted)) return false;
  if (!isDeployedText(wanted, deployed)) return false;
  const { parameters, tags, undecided } = compareSettings(wanted.template, state, spec, later);
  return parameters.length + tags.length + undecided.length === 0;
}

async function ask(
  deps: StackDeps,
  { spec, later = [] }: DiffOrder,
  wanted: Wanted,
  isNew: boolean,
  state: StackState | undefined,
  notes: string[],
): Promise<Seen | undefined> {
  const missing = later.filter(
    (name) => state?.parameters[name] === undefined && wanted.template.parameters.has(name),
  );
  if (missing.length > 0) {
    notes.push(`AWS cannot be asked yet: ${missing.join(', ')} is known only after a deploy.`);
    return undefined;
  }
  const source = await lookable(deps, wanted);
  if (!source) {
    notes.push('AWS cannot be asked yet: the project has no bucket to put its templates into.');
    return undefined;
  }
  if (state) await sweep(deps, spec.stackName);
  try {
    return await look(deps, {
      spec,
      template: wanted.template,
      source,
      capabilities: wanted.packaged?.capabilities ?? [],
      type: isNew ? 'CREATE' : 'UPDATE',
      keep: later.filter((name) => wanted.template.parameters.has(name)),
    });
  } catch (error) {
    if (!mayNotLook(error)) throw error;
    notes.push(`AWS was not asked: ${(error as Error).message} Replacements are told from the templates.`);
    return undefined;
  }
}
