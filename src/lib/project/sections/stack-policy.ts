import { readFileSync } from 'node:fs';
import { messageOf } from '../../base/errors.ts';
import { userText } from '../../base/user-text.ts';

/** What SetStackPolicy takes, in bytes. */
const LARGEST = 16_384;

type Read = { readonly text: string } | { readonly problem: string; readonly expected: string };

const SHAPE =
  'A stack policy is JSON: { "Statement": [{ "Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*" }] }.';

/** The text of a stack policy; undefined where there is no file, which is reported elsewhere. */
export function readStackPolicy(file: string): Read | undefined {
  let text: string;
  try {
    text = userText(readFileSync(file));
  } catch {
    return undefined;
  }
  let policy: unknown;
  try {
    policy = JSON.parse(text);
  } catch (error) {
    return { problem: `that is not JSON: ${messageOf(error)}.`, expected: SHAPE };
  }
  const problem = problemOf(policy);
  if (problem) return { problem, expected: SHAPE };
  if (Buffer.byteLength(text) > LARGEST)
    return { problem: `that is larger than ${LARGEST} bytes.`, expected: 'AWS takes no larger policy.' };
  return { text };
}

function problemOf(policy: unknown): string | undefined {
  const statements = (policy as { Statement?: unknown } | null)?.Statement;
  if (typeof statements !== 'object' || statements === null) return 'it has no "Statement".';
  for (const [at, one] of [statements].flat().entries()) {
    const where = `its statement ${at + 1}`;
    const { Effect, Action, NotAction, Principal, Resource, NotResource } = (one ?? {}) as Record<
      string,
      unknown
    >;
    if (Effect !== 'Allow' && Effect !== 'Deny') return `${where} has neither "Effect": "Allow" nor "Deny".`;
    const actions = [Action ?? NotAction].flat();
    const odd = actions.find((name) => !/^(?:\*|Update:(?:\*|Modify|Replace|Delete))$/.test(String(name)));
    if (odd !== undefined || actions[0] === undefined)
      return `${where} needs an "Action": Update:Modify, Update:Replace, Update:Delete or Update:*.`;
    if (Principal !== '*') return `${where} needs "Principal": "*", the only one that AWS takes.`;
    if (Resource === undefined && NotResource === undefined)
      return `${where} needs a "Resource": "*" or "LogicalResourceId/NAME".`;
  }
  return undefined;
}
