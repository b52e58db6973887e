import { expect, it } from 'vitest';
import { outputsOf } from '../../../src/lib/deploy/known.ts';
import type { StackPart } from '../../../src/lib/project/model.ts';
import type { StackState } from '../../../src/lib/stacks/index.ts';

const part = { name: 'app', stackName: 'shop-app' } as StackPart;
const given = (status: StackState['status']) => () =>
  outputsOf(part, { status, outputs: { Url: 'x' } } as unknown as StackState, 'eu-west-3', ' --env prod');

it('a stack gives its outputs when it stands whole, also when its last update was taken back', () => {
  expect(given('UPDATE_COMPLETE')()).toEqual({ Url: 'x' });
  expect(given('UPDATE_ROLLBACK_COMPLETE')()).toEqual({ Url: 'x' });
});

it('one that does not says in what it is stuck, and the way out of that', () => {
  expect(given('UPDATE_ROLLBACK_FAILED')).toThrow(
    expect.objectContaining({
      code: 'StackNotDeployed',
      message: 'The stack shop-app is not whole: taking back an update failed (UPDATE_ROLLBACK_FAILED).',
      suggestions: expect.arrayContaining([
        expect.stringContaining('infractl deploy --create-stack --env prod --continue-rollback'),
      ]),
    }),
  );
  expect(given('REVIEW_IN_PROGRESS')).toThrow(
    expect.objectContaining({ message: expect.stringContaining('empty, never deployed') }),
  );
});
