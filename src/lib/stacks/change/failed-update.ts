import type { StackState } from '../port.ts';
import type { StackDeps, StackSpec } from '../types.ts';

/**
 * Whether a stack takes an update without rollback alone: its last one failed, and was not taken back because
 * somebody had switched that off. AWS refuses any other, and replaces nothing meanwhile (CloudFormation user guide,
 * "Stack failure options"); RollbackStack would take it back first. Says so where it is.
 */
export function goesOnWithoutRollback(
  { reporter }: StackDeps,
  { stackName }: StackSpec,
  state: StackState | undefined,
): boolean {
  if (state?.status !== 'UPDATE_FAILED') return false;
  reporter.emit({
    type: 'note',
    message:
      `The stack ${stackName} is in UPDATE_FAILED: AWS takes an update from there without rollback alone, and one that replaces nothing. ` +
      `Should it fail, the stack stays as it is then. To take back the update that failed: aws cloudformation rollback-stack --stack-name ${stackName}`,
  });
  return true;
}
