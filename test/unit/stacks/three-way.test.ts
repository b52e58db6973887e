import { describe, expect, it } from 'vitest';
import type { LocalTemplate, LocalValue } from '../../../src/lib/stacks/drift/local.ts';
import type { PropertyDifference } from '../../../src/lib/stacks/drift/port.ts';
import { threeWay } from '../../../src/lib/stacks/drift/three-way.ts';

/** What is said of one property: deployed, in truth, and in the template on this machine. */
function localIs(difference: Omit<PropertyDifference, 'path'>, local: LocalValue | undefined) {
  const template = local && ({ has: () => true, valueOf: () => local } as unknown as LocalTemplate);
  const drift = {
    logicalId: 'Api',
    physicalId: 'shop-api',
    type: 'AWS::Lambda::Function',
    status: 'MODIFIED',
    differences: [{ path: '/Settings', ...difference }],
  };
  const comparison = {
    carriedOut: new Map(),
    noEcho: new Set<string>(),
    local: template,
    functions: new Map(),
  };
  return threeWay(drift, comparison).properties[0]?.localIs;
}

const value = (text: string): LocalValue => ({ is: 'value', text });
const changed = { kind: 'changed', expected: '512', actual: '1024' } as const;

describe('what the template on this machine says of a property that drifted', () => {
  it.each([
    ['nothing is known of it', changed, undefined, 'unknown'],
    ['what was deployed', changed, value('512'), 'as-deployed'],
    ['what is there', changed, value('1024'), 'as-actual'],
    ['neither', changed, value('2048'), 'different'],
    ['an expression', changed, { is: 'expression', text: '!Ref Size' }, 'different'],
    ['the same expression as then', changed, { is: 'as-deployed' }, 'as-deployed'],
    ['nothing', changed, { is: 'absent' }, 'absent'],
    ['nothing of what somebody added', { ...changed, kind: 'added' }, { is: 'absent' }, 'as-deployed'],
    ['what somebody added', { ...changed, kind: 'added' }, value('1024'), 'as-actual'],
    ['what somebody took away', { ...changed, kind: 'removed', actual: 'null' }, value('512'), 'as-deployed'],
    [
      'null where somebody took it away',
      { ...changed, kind: 'removed', actual: 'null' },
      value('null'),
      'different',
    ],
  ] as const)('%s', (_, difference, local, wanted) => expect(localIs(difference, local)).toBe(wanted));

  it('is compared as AWS means it: numbers and booleans as text, keys in any order, lists in theirs', () => {
    const deployed = { kind: 'changed', expected: '{"a":"1","b":["true","x"]}', actual: 'other' } as const;
    expect(localIs(deployed, value('{"b":[true,"x"],"a":1}'))).toBe('as-deployed');
    expect(localIs(deployed, value('{"b":["x",true],"a":1}'))).toBe('different');
  });
});
