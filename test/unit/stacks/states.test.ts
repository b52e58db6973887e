import { StackStatus } from '@aws-sdk/client-cloudformation';
import { describe, expect, it } from 'vitest';
import { isDeployed, isFinal, nextStep, STATES, succeeded } from '../../../src/lib/stacks/states.ts';

/** status → what deploy does, what delete does. */
const EXPECTED: Record<StackStatus, readonly [string, string]> = {
  CREATE_COMPLETE: ['update', 'delete'],
  CREATE_FAILED: ['recreate', 'delete'],
  CREATE_IN_PROGRESS: ['busy', 'busy'],
  DELETE_COMPLETE: ['create', 'nothing'],
  DELETE_FAILED: ['finish-deletion', 'delete'],
  DELETE_IN_PROGRESS: ['busy', 'follow'],
  IMPORT_COMPLETE: ['update', 'delete'],
  IMPORT_IN_PROGRESS: ['busy', 'busy'],
  IMPORT_ROLLBACK_COMPLETE: ['update', 'delete'],
  IMPORT_ROLLBACK_FAILED: ['refuse', 'delete'],
  IMPORT_ROLLBACK_IN_PROGRESS: ['busy', 'busy'],
  REVIEW_IN_PROGRESS: ['create', 'delete'],
  ROLLBACK_COMPLETE: ['recreate', 'delete'],
  ROLLBACK_FAILED: ['recreate', 'delete'],
  ROLLBACK_IN_PROGRESS: ['busy', 'busy'],
  UPDATE_COMPLETE: ['update', 'delete'],
  UPDATE_COMPLETE_CLEANUP_IN_PROGRESS: ['busy', 'busy'],
  UPDATE_FAILED: ['update', 'delete'],
  UPDATE_IN_PROGRESS: ['busy', 'busy'],
  UPDATE_ROLLBACK_COMPLETE: ['update', 'delete'],
  UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS: ['busy', 'busy'],
  UPDATE_ROLLBACK_FAILED: ['continue', 'delete'],
  UPDATE_ROLLBACK_IN_PROGRESS: ['busy', 'busy'],
};
const ALL = Object.values(StackStatus);

describe('the state table', () => {
  it('has a row for every status of the SDK and none besides', () => {
    expect(Object.keys(STATES).sort()).toEqual([...ALL].sort());
  });

  it.each(ALL)('%s', (status) => {
    expect([nextStep(status, 'deploy').do, nextStep(status, 'delete').do]).toEqual(EXPECTED[status]);
  });

  it('creates what does not exist, and has nothing to delete there', () => {
    expect(nextStep(undefined, 'deploy')).toEqual({ do: 'create' });
    expect(nextStep(undefined, 'delete')).toEqual({ do: 'nothing' });
  });

  it('never touches a stack that works, whatever is wanted', () => {
    for (const status of ALL.filter((name) => !isFinal(name) && name !== 'REVIEW_IN_PROGRESS'))
      for (const act of ['deploy', 'delete'] as const)
        expect(['busy', 'follow']).toContain(nextStep(status, act).do);
  });

  it('gives every refusal a reason and a way out', () => {
    for (const status of ALL) {
      const step = nextStep(status, 'deploy');
      if (step.do !== 'refuse') continue;
      expect(step.because).toMatch(/^[A-Z].+\.$/);
      expect(step.suggestions.length).toBeGreaterThan(0);
    }
  });

  it('refuses a status that it has never heard of', () => {
    expect(nextStep('MELTING' as StackStatus, 'deploy')).toMatchObject({ do: 'refuse' });
  });
});

describe('what a status means', () => {
  it('only two ends are what a deploy wants', () => {
    expect(ALL.filter(succeeded).sort()).toEqual(['CREATE_COMPLETE', 'UPDATE_COMPLETE']);
  });

  it('a stack whose update was taken back still stands; one that was never whole does not', () => {
    expect(ALL.filter(isDeployed).sort()).toEqual([
      'CREATE_COMPLETE',
      'IMPORT_COMPLETE',
      'IMPORT_ROLLBACK_COMPLETE',
      'UPDATE_COMPLETE',
      'UPDATE_ROLLBACK_COMPLETE',
    ]);
  });
});
