import { recreates, stable } from './cloudformation-changes.ts';
import type { CloudFormationState, FakeChange, FakeResource, FakeStack } from './cloudformation-state.ts';
import type { Engine } from './cloudformation-steps.ts';
import { type Parameters, page, validationError } from './wire.ts';

/** What somebody did to a resource by hand, past its stack. */
export type ByHand =
  | { readonly properties: Readonly<Record<string, unknown>> }
  | { readonly deleted: true }
  /** It cannot be read: the reason that AWS gives. */
  | { readonly unreadable: string };

interface Found {
  readonly logicalId: string;
  readonly status: string;
  readonly reason?: string;
  readonly expected?: Readonly<Record<string, unknown>>;
  readonly actual?: Readonly<Record<string, unknown>>;
  readonly differences: readonly object[];
}

export interface FakeDetection {
  readonly id: string;
  readonly stack: FakeStack;
  status: 'DETECTION_IN_PROGRESS' | 'DETECTION_COMPLETE' | 'DETECTION_FAILED';
  drift?: string;
  drifted?: number;
  reason?: string;
}

/** Types that CloudFormation cannot check for drift. */
const UNSUPPORTED = /^(?:AWS::CloudFormation::|Custom::|Fake::Unsupported)/;
const CHECKABLE =
  /^(?:CREATE|UPDATE|UPDATE_ROLLBACK|IMPORT|IMPORT_ROLLBACK)_COMPLETE$|^UPDATE_ROLLBACK_FAILED$/;

export function byHandOf(cf: CloudFormationState, stack: FakeStack, id: string): ByHand | undefined {
  return cf.byHand.get(`${stack.name}/${id}`);
}

/** What a resource is like in truth. */
function liveOf(cf: CloudFormationState, stack: FakeStack, id: string): Record<string, unknown> {
  const hand = byHandOf(cf, stack, id);
  const properties = stack.resources.get(id)?.properties ?? {};
  return { ...properties, ...(hand && 'properties' in hand ? hand.properties : {}) };
}

function found(cf: CloudFormationState, stack: FakeStack, id: string): Found {
  const hand = byHandOf(cf, stack, id);
  if (hand && 'deleted' in hand) return { logicalId: id, status: 'DELETED', differences: [] };
  if (hand && 'unreadable' in hand)
    return { logicalId: id, status: 'UNKNOWN', reason: hand.unreadable, differences: [] };
  const expected = stack.resources.get(id)?.properties ?? {};
  const live = liveOf(cf, stack, id);
  // Only properties that the template sets are compared.
  const actual = Object.fromEntries(
    Object.keys(expected).flatMap((key) => (live[key] === undefined ? [] : [[key, live[key]]])),
  );
  const differences = differencesOf(expected, actual, '');
  return {
    logicalId: id,
    status: differences.length > 0 ? 'MODIFIED' : 'IN_SYNC',
    expected,
    actual,
    differences,
  };
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const shown = (value: unknown) =>
  value === undefined ? 'null' : typeof value === 'object' ? JSON.stringify(value) : String(value);

function differencesOf(expected: unknown, actual: unknown, path: string): object[] {
  if (stable(expected) === stable(actual)) return [];
  if (isMap(expected) && isMap(actual)) {
    const keys = [...new Set([...Object.keys(expected), ...Object.keys(actual)])];
    return keys.flatMap((key) =>
      differencesOf(expected[key], actual[key], `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`),
    );
  }
  return [
    {
      PropertyPath: path,
      ExpectedValue: shown(expected),
      ActualValue: shown(actual),
      DifferenceType: expected === undefined ? 'ADD' : actual === undefined ? 'REMOVE' : 'NOT_EQUAL',
    },
  ];
}

interface Here {
  readonly engine: Engine;
}

function stackOf(p: Parameters, { engine }: Here): FakeStack {
  const stack = engine.cf.find(String(p.StackName));
  if (!stack || stack.status === 'DELETE_COMPLETE')
    throw validationError(`Stack [${p.StackName}] does not exist`);
  return stack;
}

function detect(p: Parameters, here: Here): object {
  const { cf, clock } = here.engine;
  const stack = stackOf(p, here);
  if (!CHECKABLE.test(stack.status))
    throw validationError(`Stack [${stack.name}] is in ${stack.status} state and cannot be drift detected.`);
  if (
    [...cf.detections.values()].some((one) => one.stack === stack && one.status === 'DETECTION_IN_PROGRESS')
  )
    throw validationError(`Drift detection is already in progress for stack [${stack.id}]`);
  const detection: FakeDetection = { id: cf.serial(), stack, status: 'DETECTION_IN_PROGRESS' };
  cf.detections.set(detection.id, detection);
  clock.after(cf.driftMs, () => {
    const ids = [...stack.resources.values()].filter(({ type }) => !UNSUPPORTED.test(type));
    const all = ids.map(({ logicalId }) => found(cf, stack, logicalId));
    stack.drifts = all;
    const drifted = all.filter(({ status }) => status === 'MODIFIED' || status === 'DELETED').length;
    const unread = all.filter(({ status }) => status === 'UNKNOWN').map(({ logicalId }) => logicalId);
    const drift = drifted > 0 ? 'DRIFTED' : unread.length > 0 ? 'UNKNOWN' : 'IN_SYNC';
    Object.assign(detection, {
      status: unread.length > 0 ? 'DETECTION_FAILED' : 'DETECTION_COMPLETE',
      drift,
      drifted,
      ...(unread.length > 0 ? { reason: `Failed to detect drift on resources [${unread.join(', ')}]` } : {}),
    });
    stack.drift = { status: drift, at: clock.now() };
  });
  return { StackDriftDetectionId: detection.id };
}

/** The calls of drift detection. */
export const DRIFT_HANDLERS: Readonly<Record<string, (p: Parameters, here: Here) => object>> = {
  DetectStackDrift: detect,
  DescribeStackDriftDetectionStatus(p, { engine }) {
    const one = engine.cf.detections.get(String(p.StackDriftDetectionId));
    if (!one) throw validationError(`No drift detection with id ${p.StackDriftDetectionId}`);
    return {
      StackId: one.stack.id,
      StackDriftDetectionId: one.id,
      StackDriftStatus: one.drift,
      DetectionStatus: one.status,
      DetectionStatusReason: one.reason,
      DriftedStackResourceCount: one.drifted,
      Timestamp: new Date(engine.clock.now()),
    };
  },
  DescribeStackResourceDrifts(p, here) {
    const stack = stackOf(p, here);
    const wanted = Array.isArray(p.StackResourceDriftStatusFilters) ? p.StackResourceDriftStatusFilters : [];
    const some = (stack.drifts ?? []).filter(({ status }) => wanted.length === 0 || wanted.includes(status));
    const { items, next } = page(some, p.NextToken, here.engine.cf.pageSize);
    return {
      StackResourceDrifts: items.map(({ logicalId, status, reason, expected, actual, differences }) => ({
        StackId: stack.id,
        LogicalResourceId: logicalId,
        PhysicalResourceId: stack.resources.get(logicalId)?.physicalId,
        ResourceType: stack.resources.get(logicalId)?.type ?? '',
        ExpectedProperties: expected && JSON.stringify(expected),
        ActualProperties: actual && JSON.stringify(actual),
        PropertyDifferences: differences,
        StackResourceDriftStatus: status,
        DriftStatusReason: reason,
        Timestamp: new Date(stack.drift?.at ?? 0),
      })),
      NextToken: next,
    };
  },
};

/**
 * What a drift-aware change set adds to the changes between two templates: resources that were changed by
 * hand are brought in line, those that were deleted are made again. One whose new template says what is
 * really there is not touched.
 */
export function withReverts(
  cf: CloudFormationState,
  stack: FakeStack,
  changes: readonly FakeChange[],
  wanted: (id: string) => Readonly<Record<string, unknown>> | undefined,
): FakeChange[] {
  const made = [...changes];
  for (const [id, { property, value }] of phantomsOf(cf, stack)) {
    const resource = stack.resources.get(id);
    if (!resource || made.some((change) => change.LogicalResourceId === id)) continue;
    made.push(
      modified(stack, resource, [
        revertDetail(resource.type, property, resource.properties[property], value),
      ]),
    );
  }
  for (const [id, resource] of stack.resources) {
    const hand = byHandOf(cf, stack, id);
    const desired = wanted(id);
    if (!hand || 'unreadable' in hand || !desired) continue;
    const at = made.findIndex((change) => change.LogicalResourceId === id);
    if ('deleted' in hand) {
      const again: FakeChange = {
        ...modified(stack, resource, []),
        Action: 'Add',
        Replacement: undefined,
        Scope: [],
      };
      if (at >= 0) made[at] = again;
      else made.push(again);
      continue;
    }
    const details = revertDetails(resource, hand, desired);
    if (details.length === 0) {
      if (at >= 0)
        made[at] = { ...(made[at] as FakeChange), Action: 'SyncWithActual', Replacement: undefined };
      continue;
    }
    const blank = modified(stack, resource, details);
    if (at >= 0) made[at] = blank;
    else made.push(blank);
  }
  return made;
}

function phantomsOf(cf: CloudFormationState, stack: FakeStack) {
  const prefix = `${stack.name}/`;
  return [...cf.phantoms].flatMap(([at, phantom]) =>
    at.startsWith(prefix) ? [[at.slice(prefix.length), phantom] as const] : [],
  );
}

function modified(stack: FakeStack, resource: FakeResource, details: readonly RevertDetail[]): FakeChange {
  const replaces = details.some(({ Target }) => Target.RequiresRecreation === 'Always');
  const policy = stack.desired.template.Resources[resource.logicalId]?.UpdateReplacePolicy ?? 'Delete';
  return {
    Action: 'Modify',
    LogicalResourceId: resource.logicalId,
    PhysicalResourceId: resource.physicalId,
    ResourceType: resource.type,
    Replacement: replaces ? 'True' : 'False',
    PolicyAction: replaces ? `ReplaceAnd${policy}` : undefined,
    Scope: ['Properties'],
    Details: details,
    BeforeContext: undefined,
    AfterContext: undefined,
  };
}

type RevertDetail = ReturnType<typeof revertDetail>;

function revertDetail(type: string, key: string, live: unknown, desired: unknown, previous: unknown = live) {
  return {
    Target: {
      Attribute: 'Properties',
      Name: key,
      Path: `/Properties/${key}`,
      RequiresRecreation: recreates(type, key) ? 'Always' : 'Never',
      BeforeValue: shown(live),
      AfterValue: shown(desired),
      BeforeValueFrom: 'ACTUAL_STATE',
      AfterValueFrom: 'TEMPLATE',
      AttributeChangeType: 'Modify',
      ...(stable(previous) === stable(live)
        ? {}
        : { Drift: { PreviousValue: shown(previous), ActualValue: shown(live) } }),
    },
    Evaluation: 'Static',
    ChangeSource: 'DirectModification',
  };
}

function revertDetails(
  { type, properties: previous }: FakeResource,
  hand: Extract<ByHand, { properties: unknown }>,
  desired: Readonly<Record<string, unknown>>,
): RevertDetail[] {
  const live = { ...previous, ...hand.properties };
  return Object.keys(desired).flatMap((key) =>
    stable(live[key]) === stable(desired[key])
      ? []
      : [revertDetail(type, key, live[key], desired[key], previous[key])],
  );
}

/** Before a drift-aware change set is executed: the stack sees its resources as they are. */
export function seeTruth(cf: CloudFormationState, stack: FakeStack): void {
  for (const [id, resource] of [...stack.resources]) {
    const hand = byHandOf(cf, stack, id);
    if (!hand || 'unreadable' in hand) continue;
    if ('deleted' in hand) stack.resources.delete(id);
    else resource.properties = { ...resource.properties, ...hand.properties };
    cf.byHand.delete(`${stack.name}/${id}`);
  }
}
