import { spawn } from 'node:child_process';
import { listed } from '../../base/text.ts';
import type { StackOverview } from '../../deploy/index.ts';
import { launcher } from '../launcher.ts';

/** What a look may take, in milliseconds; the menu is there long before. */
const PATIENCE = 15_000;

/**
 * One quick look at how the stacks are, in a process of its own: the menu stays quick under the fingers.
 *
 * @param root the folder of the package
 * @param place flags that say which environment of which AWS
 * @returns a line; undefined where the look was cut off
 */
export function quickLook(
  root: string,
  place: readonly string[],
  signal: AbortSignal,
): Promise<string | undefined> {
  const [node, file] = launcher(root);
  const args = [file, 'list', ...place, '--json', '--no-input'];
  return new Promise((resolve) => {
    const child = spawn(node, args, {
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: PATIENCE,
      signal,
    });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (more: string) => {
      text += more;
    });
    child.once('error', () => resolve(undefined));
    child.once('close', () => resolve(lookWords(text)));
  });
}

/** What `list --json` says, in a line. */
export function lookWords(json: string): string | undefined {
  let said: unknown;
  try {
    said = JSON.parse(json);
  } catch {
    return undefined;
  }
  if (Array.isArray(said)) return stacksWords(said as StackOverview[]);
  const error = (said as { error?: { message?: string } }).error;
  return error?.message;
}

function stacksWords(stacks: readonly StackOverview[]): string {
  if (stacks.length === 0) return 'It has no stacks.';
  const named = (wanted: readonly StackOverview[]) => listed(wanted.map((one) => one.stack ?? one.stackName));
  const of = (...moods: StackOverview['mood'][]) => stacks.filter(({ mood }) => moods.includes(mood));
  const [good, busy, absent] = [of('good'), of('busy'), of('absent')];
  const bad = of('bad', 'reverted');
  const words = [
    ...bad.map((one) => `${one.stack ?? one.stackName}: ${one.words}`),
    ...(busy.length > 0 ? [`at work: ${named(busy)}`] : []),
    ...(good.length > 0
      ? [good.length === stacks.length ? 'all stacks are well' : `well: ${named(good)}`]
      : []),
    ...(absent.length > 0 ? [`not deployed: ${named(absent)}`] : []),
  ];
  return `${words.join('; ')}.`;
}
