import { listed } from '../../base/text.ts';
import type { RunningOperation } from '../stage.ts';
import type { Interruption } from './interrupt.ts';
import type { Prompter } from './prompt.ts';

/** What can still be taken back: an update by CancelUpdateStack, a first creation by deleting what it made. */
const CANCELLABLE = /^(?:UPDATE|CREATE)_IN_PROGRESS$/;

/**
 * Asks what becomes of what AWS works on, after the first Ctrl-C.
 *
 * @param takesBack whether the command that asks carries out a cancel: no choice is offered that is not
 */
export async function askWhatBecomes(
  prompter: Prompter,
  running: readonly RunningOperation[],
  where: string,
  takesBack: boolean,
): Promise<Interruption | 'stay'> {
  const names = listed(running.map(({ stack }) => stack));
  const attach = `infractl attach ${running[0]?.part.replace(/^stack /, '') ?? ''}${where}`;
  const open = takesBack ? running.filter(({ status }) => CANCELLABLE.test(status)) : [];
  const created = open.filter(({ status }) => status.startsWith('CREATE'));
  const cancel =
    created.length > 0
      ? `Cancel: ${listed(created.map(({ stack }) => stack))} was never whole before, so what was made of it is deleted`
      : 'Take it back: the stack becomes what it was before';
  return prompter.choose<Interruption | 'stay'>(
    {
      message: `AWS works on ${names}. What becomes of it?`,
      otherwise: `Look again with: ${attach}`,
    },
    [
      { name: `Leave it running (join it again: ${attach})`, value: 'leave' },
      ...(open.length > 0 ? [{ name: cancel, value: 'cancel' as const }] : []),
      { name: 'Go on watching', value: 'stay' },
    ],
  );
}
