import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { CAUSES, causeOf, cleanReason } from '../../../src/lib/stacks/diagnosis/causes.ts';

/**
 * Every way in which a cause is recognised, with words that AWS uses for it: one a line of aws-words.tsv (the cause,
 * the resource's type, the reason, and where it matters what the advice says). `{"…" Code}` is the message of a
 * resource handler and the code that it gives.
 */
const ROWS = readFileSync(path.join(import.meta.dirname, 'aws-words.tsv'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => {
    const [code = '', resourceType = '', reason = '', advice = ''] = line.split('\t');
    return { code, resourceType, reason: unfolded(reason), advice };
  });

function unfolded(reason: string): string {
  const [, message, code] = /^\{"(.*)"(?: (\w+))?\}$/.exec(reason) ?? [];
  if (message === undefined) return reason.replaceAll('\\n', '\n');
  return `Resource handler returned message: "${message} (Service: X, Status Code: 400, Request ID: 1-2-3)" (RequestToken: a-b, HandlerErrorCode: ${code ?? 'GeneralServiceException'})`;
}

/** The alternatives of an expression at its outermost level. */
function alternatives(source: string): string[] {
  const found = [''];
  let depth = 0;
  for (const [token] of source.matchAll(/\\.|\[(?:\\.|[^\]])*\]|./gs)) {
    if (token === '(') depth++;
    if (token === ')') depth--;
    if (token === '|' && depth === 0) found.push('');
    else found.push(`${found.pop()}${token}`);
  }
  return found;
}

describe('AWS’s words of a failure', () => {
  it.each(ROWS)('$code: $resourceType: $reason', ({ code, resourceType, reason, advice }) => {
    const found = causeOf({ reason, resourceType, logicalId: 'Thing', physicalId: 'thing-1' });
    expect(found?.code).toBe(code);
    expect(found?.advice.join('\n')).toMatch(/\S/);
    expect(found?.advice.join('\n')).toContain(advice);
    expect(found?.why ?? 'said by AWS').toMatch(/\S/);
    expect(`${found?.why}${found?.advice}`).not.toContain('undefined');
  });

  it('are not explained where nothing is known', () => {
    const event = { logicalId: 'A', physicalId: '', resourceType: 'AWS::X::Y' };
    expect(causeOf({ ...event, reason: 'something odd happened' })).toBeUndefined();
    expect(causeOf(event)).toBeUndefined();
  });

  it('prove every way in which a cause is recognised', () => {
    const proven = (code: string, proves: (reason: ReturnType<typeof cleanReason>) => boolean) =>
      ROWS.some((row) => row.code === code && proves(cleanReason(row.reason)));
    const unproven = [...new Set(CAUSES)].flatMap(({ code, words, handlerCodes = [] }) => [
      ...alternatives(words?.source ?? '')
        .map((source) => new RegExp(source, words?.flags))
        .filter(
          (one) => !proven(code, ({ text, serviceCode = '' }) => one.test(text) || one.test(serviceCode)),
        )
        .map((one) => `${code}: ${one}`),
      ...handlerCodes
        .filter((handler) => !proven(code, ({ handlerCode }) => handlerCode === handler))
        .map((handler) => `${code}: HandlerErrorCode ${handler}`),
    ]);
    expect(unproven).toEqual([]);
  });
});
