import { describe, expect, it } from 'vitest';
import { painter } from '../../../src/lib/cli/terminal.ts';
import { deployView, leftOut } from '../../../src/lib/cli/views/deploy-view.ts';
import type { DeployResult } from '../../../src/lib/deploy/index.ts';

const ui = { paint: painter(false), columns: 100 };
const result: DeployResult = {
  project: 'shop',
  environment: 'dev',
  region: 'eu-west-3',
  dryRun: false,
  changed: false,
  parts: [],
  outputs: {},
  ms: 42,
};
const project = { releases: new Map(), stacks: new Map([['app', {} as never]]) };
const flags = { 'create-stack': false, 'revert-drift': false, 'skip-releases': false };
const told = (given: Partial<typeof flags>, of: Partial<DeployResult> = {}) =>
  deployView({ ...result, ...of }, ' --env dev', leftOut(project, { ...flags, ...given })).text(ui);

describe('a deploy that had nothing to do', () => {
  it('says which stacks it did not look at', () => {
    expect(told({})).toBe(
      'Nothing to do: shop dev is as it should be (42 ms).\n' +
        'Not looked at: 1 stack (app). To see how they differ: infractl diff --env dev',
    );
  });

  it('looked at all of them with --create-stack; one that did something tells that alone', () => {
    expect(told({ 'create-stack': true })).not.toContain('Not looked at');
    expect(told({ 'revert-drift': true })).not.toContain('Not looked at');
    expect(told({}, { changed: true })).not.toContain('Not looked at');
  });
});
