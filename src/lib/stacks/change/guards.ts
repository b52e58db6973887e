import { Exit, InfractlError } from '../../base/errors.ts';
import { listed, plural } from '../../base/text.ts';
import { typed } from '../commands.ts';
import { type Affected, affectedBy } from '../diff/affected.ts';
import type { SeenChange } from '../diff/look.ts';
import type { StackState } from '../port.ts';
import type { Template } from '../template/template.ts';
import type { StackDeps, StackSpec } from '../types.ts';
import { stackEnding } from './ending.ts';
import { refuseReplacements } from './express.ts';
import { type Denial, deniedBy, policyFor, setPolicy } from './stack-policy.ts';

/**
 * Stands between the change set of an update and its execution: what its stack policy denies, what loses data
 * and was not allowed, what a protected environment loses without a yes. Says what is replaced and removed,
 * and sets the stack policy of the configuration, which holds for this update.
 *
 * @throws InfractlError `StackPolicyDenies`, `ReplacementRefused`, `ConfirmationNeeded` (exit 5).
 */
export async function guardChanges(
  deps: StackDeps,
  spec: StackSpec,
  template: Template,
  changes: readonly SeenChange[],
  before: StackState,
): Promise<void> {
  const policy = await policyFor(deps.port, spec, before);
  const denied = policy === undefined ? [] : deniedBy(policy, changes);
  if (denied.length > 0) throw policyDenies(spec, denied);
  const affected = await affectedBy(deps.port, template, before.stackId, changes);
  const risky = atRisk(affected).filter(({ path }) => !isAllowed(spec, path));
  if (risky.length > 0) throw replacementRefused(spec, risky, deps.where);
  const unasked = affected.filter(({ path }) => !isAllowed(spec, path));
  refuseReplacements(spec, unasked, deps.where);
  const sure = affected.filter(({ what }) => what !== 'perhaps replaced');
  if (sure.length > 0 && spec.careful) throw confirmationNeeded(spec, sure, deps.where);
  if (affected.length > 0)
    deps.reporter.emit({
      type: 'note',
      message: `The update of the stack ${spec.stackName} ${affectedWords(affected)}.`,
    });
  await setPolicy(deps.port, spec, before.stackId);
}

/**
 * Stands before a stack that failed at its creation is deleted to be made again. What still is in it may be at
 * work, and hold data: nobody was asked about that.
 *
 * @throws InfractlError `ReplacementRefused`, `ConfirmationNeeded` (exit 5).
 */
export async function guardRemains(deps: StackDeps, spec: StackSpec, state: StackState): Promise<void> {
  const remains = (await stackEnding(deps.port, state)).filter(
    ({ fate, status, physicalId }) => fate === 'deleted' && status !== 'CREATE_FAILED' && physicalId !== '',
  );
  const going = remains.map(
    ({ path, type, physicalId, holdsData }): Affected => ({
      path: path.join('/'),
      type,
      physicalId,
      what: 'deleted',
      ...(holdsData ? { loss: 'lost' } : {}),
      because: [],
    }),
  );
  const risky = atRisk(going).filter(({ path }) => !isAllowed(spec, path));
  if (risky.length > 0)
    throw new InfractlError({
      code: 'ReplacementRefused',
      message: `The stack ${spec.stackName} is in ${state.status} and would be deleted to be made again, with ${plural(risky.length, 'resource that keeps data', 'resources that keep data')}. Nothing of it was changed.`,
      why: risky.map(riskWords).join('\n'),
      suggestions: [
        `See why it failed: ${typed('explain', { part: spec.part, where: deps.where })}`,
        `If what is in ${risky.length === 1 ? 'it' : 'them'} can go, or is kept elsewhere, add: ${allowance(spec, risky)}`,
      ],
      exit: Exit.declined,
    });
  if (going.length > 0 && spec.careful) throw confirmationNeeded(spec, going, deps.where);
}

/** What loses data, or comes up empty: also a new one beside an old one that its policy keeps. */
export function atRisk(affected: readonly Affected[]): Affected[] {
  return affected.filter(
    ({ what, loss }) => loss !== undefined && !(what === 'deleted' && loss === 'retained'),
  );
}

/** `--allow-replacement`: by the path in the stack, or with the part's name before it. */
export function isAllowed({ part, allowReplacement = [] }: StackSpec, path: string): boolean {
  const name = part.replace(/^stack /, '');
  return allowReplacement.some((allowed) => allowed === path || allowed === `${name}/${path}`);
}

/** `replaces Table, may replace Host and removes Topic and Queue`. */
function affectedWords(affected: readonly Affected[]): string {
  const verbs = [
    ['replaced', 'replaces'],
    ['perhaps replaced', 'may replace'],
    ['deleted', 'removes'],
  ] as const;
  return listed(
    verbs.flatMap(([what, verb]) => {
      const paths = affected.filter((one) => one.what === what).map(({ path }) => path);
      return paths.length > 0 ? [`${verb} ${listed(paths)}`] : [];
    }),
  );
}

const WHAT = {
  deleted: 'would be deleted',
  replaced: 'would be replaced',
  'perhaps replaced': 'may be replaced',
} as const;

const LOSS = {
  lost: 'its data is lost, no policy keeps it.',
  'may be lost': 'its data may be lost, no policy keeps it.',
  retained: 'its policy keeps the old one; the new one is empty.',
  snapshot: 'its policy makes a snapshot first.',
} as const;

/** `Table (AWS::DynamoDB::Table, shop-Table-1) would be replaced, because KeySchema changes: its data is lost, …` */
export function riskWords({ path, type, physicalId, what, loss, because }: Affected): string {
  const named = physicalId ? `${type}, ${physicalId}` : type;
  const why =
    because.length > 0 ? `, because ${listed(because)} ${because.length > 1 ? 'change' : 'changes'}` : '';
  return `${path} (${named}) ${WHAT[what]}${why}: ${LOSS[loss ?? 'lost']}`;
}

/** The flags that allow it: `--allow-replacement app/Table`. */
function allowance({ part }: StackSpec, risky: readonly Affected[]): string {
  const name = part.replace(/^stack /, '');
  return risky.map(({ path }) => `--allow-replacement ${name}/${path}`).join(' ');
}

function replacementRefused(spec: StackSpec, risky: readonly Affected[], where = ''): InfractlError {
  const name = spec.part.replace(/^stack /, '');
  return new InfractlError({
    code: 'ReplacementRefused',
    message: `The deploy of the stack ${spec.stackName} would replace or delete ${plural(risky.length, 'resource that keeps data', 'resources that keep data')}. Nothing of it was changed.`,
    why: risky.map(riskWords).join('\n'),
    suggestions: [
      `See all of it: infractl diff stack:${name}${where}`,
      'To keep the data, set DeletionPolicy and UpdateReplacePolicy to Retain or Snapshot and deploy that first; or take the change back.',
      `If it is meant, add: ${allowance(spec, risky)}`,
    ],
    exit: Exit.declined,
  });
}

function confirmationNeeded(spec: StackSpec, sure: readonly Affected[], where = ''): InfractlError {
  return new InfractlError({
    code: 'ConfirmationNeeded',
    message: `The environment is protected, and this deploy takes resources of the stack ${spec.stackName} away. Nothing of it was changed.`,
    why: `It ${affectedWords(sure)}.`,
    suggestions: [
      `See all of it: infractl diff ${spec.part.replace('stack ', 'stack:')}${where}`,
      'If it is meant, add: --yes',
    ],
    exit: Exit.declined,
  });
}

function policyDenies(spec: StackSpec, denied: readonly Denial[]): InfractlError {
  const isOurs = spec.stackPolicy !== undefined;
  return new InfractlError({
    code: 'StackPolicyDenies',
    message: `The stack policy of ${spec.stackName} denies what this deploy would do. Nothing of it was changed.`,
    why: denied.map(({ logicalId, action }) => `${action} of ${logicalId} is not allowed.`).join('\n'),
    suggestions: [
      isOurs
        ? `If it is meant, allow it in the file that stackPolicy of the ${spec.part} names in infractl.yaml.`
        : `See it: aws cloudformation get-stack-policy --stack-name ${spec.stackName}`,
      ...(isOurs
        ? []
        : [`If it is meant, give the ${spec.part} a stackPolicy in infractl.yaml that allows it.`]),
    ],
    exit: Exit.declined,
  });
}
