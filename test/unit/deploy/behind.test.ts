import { describe, expect, it } from 'vitest';
import { partBehind } from '../../../src/lib/deploy/behind.ts';
import type { FunctionPart } from '../../../src/lib/project/model.ts';

const fn = (name: string, output: string): [string, FunctionPart] => [
  name,
  { name, functionName: { output }, code: { image: name }, alias: 'live', timeout: 1 },
];
const functions = new Map([
  fn('api', 'app.FunctionName'),
  fn('mail', 'jobs.Mail'),
  fn('night', 'jobs.Night'),
]);

describe('the part behind the URL of a check', () => {
  it('is the one function of the stack that gives the URL', () => {
    expect(partBehind({ functions }, { output: 'app.ApiUrl' })).toBe('api');
  });

  it('is the stack where it has several functions, or none', () => {
    expect(partBehind({ functions }, { output: 'jobs.Url' })).toBe('jobs');
    expect(partBehind({ functions }, { output: 'hosts.Url' })).toBe('hosts');
  });

  it('is not known of a URL that is written out', () => {
    expect(partBehind({ functions }, 'https://example.com')).toBeUndefined();
  });
});
