import type { StackStatus } from './port.ts';

export type Act = 'deploy' | 'delete';

/** What to do with a stack in some state. */
export type Step =
  | { readonly do: 'create' }
  | { readonly do: 'update' }
  /** It can only be deleted; delete it, say so, then create it. */
  | { readonly do: 'recreate'; readonly because: string }
  /** Taking an update back must be finished first: follow that, then update. */
  | { readonly do: 'continue' }
  /** Its deletion must be finished first, then it is created. */
  | { readonly do: 'finish-deletion' }
  | { readonly do: 'delete' }
  /** A deletion is under way already: follow it. */
  | { readonly do: 'follow' }
  | { readonly do: 'nothing' }
  /** Something else works on it. */
  | { readonly do: 'busy'; readonly doing: string }
  /** It needs a decision of a person. */
  | { readonly do: 'refuse'; readonly because: string; readonly suggestions: readonly string[] };

interface Row {
  readonly deploy: Step;
  readonly delete: Step;
}

const update: Step = { do: 'update' };
const remove: Step = { do: 'delete' };

const recreate = (because: string): Step => ({ do: 'recreate', because });

function busy(doing: string): Row {
  const step: Step = { do: 'busy', doing };
  return { deploy: step, delete: step };
}

/**
 * Every status that a stack can have, and the step for each act. The type makes the table complete: a
 * status that a newer SDK brings is a compile error here. What each status allows is in the CloudFormation
 * user guide, "Stack status codes" and "Stack failure options". `{explain}` stands for the command that tells
 * what failed, `{destroy}` for the one that deletes.
 */
export const STATES: Readonly<Record<StackStatus, Row>> = {
  CREATE_COMPLETE: { deploy: update, delete: remove },
  UPDATE_COMPLETE: { deploy: update, delete: remove },
  UPDATE_ROLLBACK_COMPLETE: { deploy: update, delete: remove },
  IMPORT_COMPLETE: { deploy: update, delete: remove },
  IMPORT_ROLLBACK_COMPLETE: { deploy: update, delete: remove },
  // An update that failed with rollback switched off: AWS takes one that has it off too, from where it stands.
  UPDATE_FAILED: { deploy: update, delete: remove },

  ROLLBACK_COMPLETE: {
    deploy: recreate('its creation failed and was rolled back, and AWS lets such a stack only be deleted'),
    delete: remove,
  },
  ROLLBACK_FAILED: {
    deploy: recreate('its creation failed, and so did taking it back; AWS lets such a stack only be deleted'),
    delete: remove,
  },
  CREATE_FAILED: {
    deploy: recreate('its creation failed and was not rolled back'),
    delete: remove,
  },
  // An empty stack with change sets that were never executed. It takes further ones, and must not be deleted:
  // they may be those of another deploy, which executes them in this moment.
  REVIEW_IN_PROGRESS: { deploy: { do: 'create' }, delete: remove },

  DELETE_COMPLETE: { deploy: { do: 'create' }, delete: { do: 'nothing' } },
  DELETE_FAILED: { deploy: { do: 'finish-deletion' }, delete: remove },
  DELETE_IN_PROGRESS: {
    deploy: { do: 'busy', doing: 'being deleted' },
    delete: { do: 'follow' },
  },

  UPDATE_ROLLBACK_FAILED: { deploy: { do: 'continue' }, delete: remove },
  IMPORT_ROLLBACK_FAILED: {
    deploy: {
      do: 'refuse',
      because:
        'An import of resources failed, and taking it back failed too. AWS takes no update of such a stack, and documents no call that finishes it (ContinueUpdateRollback is for updates).',
      suggestions: [
        'See what failed: {explain}',
        'Ask AWS Support to bring it back to IMPORT_ROLLBACK_COMPLETE, then deploy. Its resources go on as they are meanwhile.',
        'Or give it up: {destroy} says first what would be deleted and what stays by its DeletionPolicy, and asks. Then the next deploy creates it anew.',
      ],
    },
    delete: remove,
  },

  CREATE_IN_PROGRESS: busy('being created'),
  ROLLBACK_IN_PROGRESS: busy('taking back a creation that failed'),
  UPDATE_IN_PROGRESS: busy('being updated'),
  UPDATE_COMPLETE_CLEANUP_IN_PROGRESS: busy('removing what its last update replaced'),
  UPDATE_ROLLBACK_IN_PROGRESS: busy('taking back an update that failed'),
  UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS: busy('removing what an update made that was taken back'),
  IMPORT_IN_PROGRESS: busy('importing resources'),
  IMPORT_ROLLBACK_IN_PROGRESS: busy('taking back an import that failed'),
};

/** The step for a stack in this status; undefined is a stack that does not exist. */
export function nextStep(status: StackStatus | undefined, act: Act): Step {
  if (status === undefined) return act === 'deploy' ? { do: 'create' } : { do: 'nothing' };
  // A status newer than this program: touching the stack would be a guess.
  return (
    STATES[status]?.[act] ?? {
      do: 'refuse',
      because: `Its status ${status} is not known to this version of infractl.`,
      suggestions: ['Update infractl, then run the same command again.'],
    }
  );
}

/** Steps after which there is another stack: nothing of the one that is there is compared with. */
export const MADE_ANEW: ReadonlySet<Step['do']> = new Set(['create', 'recreate', 'finish-deletion']);

/** Whether an operation is over when its stack has this status. */
export function isFinal(status: string): boolean {
  return !status.endsWith('_IN_PROGRESS');
}

/** Whether an operation that ended in this status did what was wanted. */
export function succeeded(status: string): boolean {
  return status === 'CREATE_COMPLETE' || status === 'UPDATE_COMPLETE';
}

/** Whether GetTemplate and DescribeStacks show exactly what runs: nothing was taken back, nothing is half done. */
export function isSettled(status: string): boolean {
  return /^(?:CREATE|UPDATE|IMPORT)_COMPLETE$/.test(status);
}

const DEPLOYED = /^(?:CREATE|UPDATE|UPDATE_ROLLBACK|IMPORT|IMPORT_ROLLBACK)_COMPLETE$/;

/** Whether a stack stands whole, so that its outputs hold: also when its last update was taken back. */
export function isDeployed(status: string): boolean {
  return DEPLOYED.test(status);
}
