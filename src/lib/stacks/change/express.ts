import { Exit, InfractlError } from '../../base/errors.ts';
import type { Affected } from '../diff/affected.ts';
import type { StackState } from '../port.ts';
import type { StackDeps, StackSpec } from '../types.ts';

/** A failure that left a stack between two states, with nothing taken back. */
const FAILED = /_FAILED$/;

/**
 * The order for a stack with the mode that it gets: what is configured, and express again after an operation
 * in express mode that failed, because what it left is not as the standard mode left it. The mode is AWS's own
 * memory (`DeploymentConfig` of DescribeStacks).
 */
export function withMode(deps: StackDeps, spec: StackSpec, state: StackState | undefined): StackSpec {
  if (spec.express || !state?.express || !FAILED.test(state.status)) return spec;
  deps.reporter.emit({
    type: 'note',
    message: `The stack ${spec.stackName} failed in express mode (${state.status}), so it gets express mode once more.`,
  });
  return { ...spec, express: true };
}

/**
 * Refuses what express mode makes risky. There nothing waits until a new resource works before the old one
 * goes, so a replacement is a gap that nobody sees.
 *
 * @param affected what would go or be replaced and was not allowed by name
 * @throws InfractlError `ExpressReplacement` (exit 5)
 */
export function refuseReplacements(spec: StackSpec, affected: readonly Affected[], where = ''): void {
  if (!spec.express) return;
  const replaced = affected.filter(({ what }) => what !== 'deleted');
  const [first] = replaced;
  if (!first) return;
  throw new InfractlError({
    code: 'ExpressReplacement',
    message: `The stack ${spec.stackName} is deployed in express mode, and this would replace resources. Nothing was changed.`,
    why: [
      'In express mode AWS does not wait until a new resource works before it removes the old one.',
      ...replaced.map(({ path, what }) => `${path} would be ${what}.`),
    ].join('\n'),
    suggestions: [
      'Deploy it in the standard mode: set `express: false` for it in infractl.yaml.',
      `Or allow it by name: infractl deploy --create-stack${where} --allow-replacement ${first.path}`,
    ],
    exit: Exit.declined,
  });
}
