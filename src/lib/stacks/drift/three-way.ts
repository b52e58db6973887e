import type { Plain } from '../template/yaml.ts';
import type { LocalTemplate, LocalValue } from './local.ts';
import type { PropertyDifference, ResourceDrift } from './port.ts';
import { hideSecrets, type IsSecret, secretsOf, stepsOf } from './secret-values.ts';
import type { DriftedResource, PropertyDrift } from './types.ts';

export interface Comparison {
  /** Properties of the resources in the template that AWS carried out. */
  readonly carriedOut: ReadonlyMap<string, Plain>;
  /** Names of the parameters with NoEcho. */
  readonly noEcho: ReadonlySet<string>;
  /** Undefined where there is no template on this machine. */
  readonly local: LocalTemplate | undefined;
  /** Functions whose code and alias `infractl deploy` moves: name → alias. */
  readonly functions: ReadonlyMap<string, string>;
}

/** A resource that is not as the deployed template says, property by property. Pure. */
export function threeWay(drift: ResourceDrift, comparison: Comparison): DriftedResource {
  const { local, carriedOut, noEcho } = comparison;
  const resource = carriedOut.get(drift.logicalId) as { readonly Properties?: Plain } | undefined;
  const isSecret = secretsOf(resource?.Properties, noEcho);
  const properties = drift.differences.map((one) =>
    property(
      one,
      isSecret,
      local?.valueOf(drift.logicalId, stepsOf(one.path)),
      managedBy(drift, one, comparison),
    ),
  );
  return {
    logicalId: drift.logicalId,
    physicalId: drift.physicalId,
    type: drift.type,
    status: statusOf(drift, properties),
    reason: drift.reason ?? null,
    inTemplate: local ? local.has(drift.logicalId) : null,
    properties,
  };
}

function statusOf(
  { status }: ResourceDrift,
  properties: readonly PropertyDrift[],
): DriftedResource['status'] {
  if (status === 'DELETED') return 'deleted';
  if (status !== 'MODIFIED') return 'unknown';
  return properties.length > 0 && properties.every(({ managed }) => managed !== null)
    ? 'managed'
    : 'modified';
}

function property(
  { path, kind, expected, actual }: PropertyDifference,
  isSecret: IsSecret,
  local: LocalValue | undefined,
  managed: string | null,
): PropertyDrift {
  const steps = stepsOf(path);
  const shown = (text: string) => hideSecrets(text, steps, isSecret);
  const text = local && textOf(local, expected);
  return {
    path,
    change: kind,
    deployed: kind === 'added' ? null : shown(expected),
    local: text === undefined ? null : shown(text),
    localIs: relation(local, text, expected, actual, kind),
    actual: kind === 'removed' ? null : shown(actual),
    managed,
  };
}

function textOf(local: LocalValue, expected: string): string | undefined {
  if (local.is === 'absent') return undefined;
  return local.is === 'as-deployed' ? expected : local.text;
}

function relation(
  local: LocalValue | undefined,
  text: string | undefined,
  expected: string,
  actual: string,
  kind: PropertyDifference['kind'],
): PropertyDrift['localIs'] {
  if (!local) return 'unknown';
  if (local.is === 'absent' || text === undefined) return kind === 'added' ? 'as-deployed' : 'absent';
  if (local.is === 'as-deployed') return 'as-deployed';
  if (local.is === 'expression') return 'different';
  if (same(text, expected) && kind !== 'added') return 'as-deployed';
  return same(text, actual) && kind !== 'removed' ? 'as-actual' : 'different';
}

/** Two values of AWS: numbers and booleans may be written as text, keys in any order. */
function same(a: string, b: string): boolean {
  return a === b || canonical(a) === canonical(b);
}

function canonical(text: string): string {
  try {
    return JSON.stringify(sorted(JSON.parse(text)));
  } catch {
    return JSON.stringify(text);
  }
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(
      Object.entries(value)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, one]) => [key, sorted(one)]),
    );
  return typeof value === 'string' ? value : String(value);
}

/** What infractl's own deploy of code moves: it is there on purpose. */
function managedBy(
  { type, physicalId }: ResourceDrift,
  { path }: PropertyDifference,
  { functions }: Comparison,
): string | null {
  if (
    type === 'AWS::Lambda::Function' &&
    functions.has(functionName(physicalId)) &&
    /^\/Code(?:\/|$)/.test(path)
  )
    return MANAGED;
  if (type === 'AWS::Lambda::Alias' && /^\/(?:FunctionVersion|RoutingConfig)(?:\/|$)/.test(path)) {
    const alias = physicalId.split(':').at(-1);
    if (alias !== undefined && functions.get(functionName(physicalId)) === alias) return MANAGED;
  }
  return null;
}

const MANAGED = 'code is managed by infractl deploy';

/** The name in a function's name, ARN, or its alias's ARN. */
export function functionName(id: string): string {
  return /:function:([^:]+)/.exec(id)?.[1] ?? id;
}
