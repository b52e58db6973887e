import { Exit, InfractlError, isInfractlError } from '../base/errors.ts';
import { plural } from '../base/text.ts';
import type { DeskDeps } from '../desks/stack-desk.ts';
import { type NamedStack, nothingNamed, stackNamed } from '../project/index.ts';
import { isReference, type Project, type StackPart, type Value } from '../project/model.ts';
import type { DriftDeps, StackDrift } from '../stacks/index.ts';
import { noStack } from './outputs.ts';

/** What became of looking for drift. */
export interface DriftReport {
  /** Every stack and those nested in it, in the order of the configuration. */
  readonly stacks: readonly StackDrift[];
  /** The flags that lead a further command to the same place, each after a space. */
  readonly where: string;
}

/**
 * Looks for drift of some stacks of a project, or of all, side by side.
 *
 * @param names stacks as infractl.yaml names them, or as AWS does; all when empty
 * @throws UsageError `NoSuchPart`, `NothingNamed`; InfractlError where none of them could be looked at
 */
export async function projectDrift(
  deps: DeskDeps,
  project: Project,
  names: readonly string[],
): Promise<DriftReport> {
  const parts = chosen(project, names);
  const [{ detectDrift }, { cloudFormation }, { driftPort }] = await Promise.all([
    import('../stacks/index.ts'),
    import('../aws/cloudformation.ts'),
    import('../aws/drift.ts'),
  ]);
  const { session } = deps;
  const port = cloudFormation(session);
  const drifts: DriftDeps = { ...deps, port, drift: driftPort(session) };
  const functions = await managedFunctions(project, port);
  const outcomes = await Promise.all(
    parts.map((part) =>
      told(deps, part, () => detectDrift(drifts, { ...orderOf(part, session.region), functions })),
    ),
  );
  const failures = outcomes.filter((outcome) => isInfractlError(outcome));
  const first = failures.find(({ exit }) => exit === Exit.interrupted) ?? failures[0];
  if (first && (first.exit === Exit.interrupted || failures.length === parts.length)) throw first;
  const stacks = outcomes.flatMap((outcome, i) =>
    isInfractlError(outcome) ? [unchecked(parts[i] as NamedStack, outcome)] : outcome,
  );
  const [only] = stacks;
  if (names.length === 1 && only?.status === 'not-deployed') throw absent(only, deps, project.bare);
  return { stacks, where: deps.where };
}

function chosen(project: Project, names: readonly string[]): NamedStack[] {
  if (names.length === 0) {
    if (project.bare) throw nothingNamed('which stacks', 'See which there are: infractl list');
    return [...project.stacks.values()];
  }
  const wanted = names.map((word) => {
    const part = stackNamed(project, word);
    if (!part) throw noStack(project, word);
    return part;
  });
  return [...new Set(wanted)];
}

function orderOf({ name, stackName, template, timeout, parameters }: NamedStack, region: string) {
  return {
    part: `stack ${name}`,
    stackName,
    templateFile: template,
    timeout,
    region,
    parameters: texts(parameters),
  };
}

/** Parameters as far as the configuration itself gives them. */
function texts(parameters: StackPart['parameters']): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => {
      const items = [value].flat() as Value[];
      return [name, items.some(isReference) ? undefined : items.join(',')];
    }),
  );
}

/** Functions whose code and alias the project's own deploy moves: by their names in AWS. */
async function managedFunctions(
  { functions, stacks }: Project,
  port: Pick<DriftDeps['port'], 'stack'>,
): Promise<Map<string, string>> {
  const found = await Promise.all(
    [...functions.values()].map(async ({ functionName, alias }) => {
      const name = await nameOf(functionName, stacks, port);
      return name === undefined ? [] : [[name.split(':').at(-1) ?? name, alias] as const];
    }),
  );
  return new Map(found.flat());
}

async function nameOf(
  value: Value,
  stacks: Project['stacks'],
  port: Pick<DriftDeps['port'], 'stack'>,
): Promise<string | undefined> {
  if (!isReference(value)) return String(value);
  if (!('output' in value)) return undefined;
  const dot = value.output.indexOf('.');
  const part = stacks.get(value.output.slice(0, dot));
  return part && (await port.stack(part.stackName))?.outputs[value.output.slice(dot + 1)];
}

/** Reports how it goes with one stack; a failure is a result, since the others go on. */
async function told(
  { reporter, clock }: DeskDeps,
  { name }: NamedStack,
  work: () => Promise<StackDrift[]>,
): Promise<StackDrift[] | InfractlError> {
  const part = `stack ${name}`;
  const started = clock.now();
  reporter.emit({ type: 'part.started', part, doing: 'looking for drift' });
  try {
    const found = await work();
    const ms = clock.now() - started;
    reporter.emit({ type: 'part.done', part, outcome: 'checked', detail: summary(found), ms });
    return found;
  } catch (error) {
    if (!isInfractlError(error)) throw error;
    reporter.emit({ type: 'part.failed', part, error, ms: clock.now() - started });
    return error;
  }
}

function summary(found: readonly StackDrift[]): string {
  const drifted = found.reduce((sum, stack) => sum + stack.drifted, 0);
  if (drifted > 0) return `${plural(drifted, 'resource')} drifted`;
  if (found.some(({ status }) => status === 'not-deployed')) return 'not deployed';
  return found.every(({ status }) => status === 'in-sync') ? 'no drift' : 'not all of it could be checked';
}

function unchecked({ name, stackName }: NamedStack, { message }: InfractlError): StackDrift {
  return {
    stack: name,
    stackName,
    nestedIn: null,
    status: 'unchecked',
    because: message,
    checkedAt: null,
    inSync: 0,
    drifted: 0,
    unsupported: 0,
    resources: [],
  };
}

function absent({ stackName }: StackDrift, { session, where }: DeskDeps, bare = false): InfractlError {
  return new InfractlError({
    code: 'StackNotFound',
    message: `The stack ${stackName} does not exist in ${session.region}.`,
    suggestions: bare
      ? [`See which there are: infractl list${where}`]
      : [
          `Create it: infractl deploy --create-stack${where}`,
          'If it is there, check the profile, the region and the environment.',
        ],
  });
}
