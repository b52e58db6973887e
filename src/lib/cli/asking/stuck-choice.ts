import * as Flags from '@oclif/core/flags';
import { UsageError } from '../../base/errors.ts';
import { type Decision, MEANING, type Stuck, stuckLines } from '../../deploy/index.ts';
import type { Prompter } from './prompt.ts';

/** The flags that get a stack out of where it is stuck, where nobody can be asked. */
export const STUCK_FLAGS = {
  'continue-rollback': Flags.boolean({
    description: 'Finish taking back an update whose rollback failed (UPDATE_ROLLBACK_FAILED), then update.',
    helpGroup: 'STUCK STACKS',
  }),
  'skip-resource': Flags.string({
    description:
      'With --continue-rollback: leave this resource out; NestedStack.Resource inside another one.',
    helpValue: 'LOGICAL_ID',
    helpGroup: 'STUCK STACKS',
    multiple: true,
    multipleNonGreedy: true,
  }),
  'finish-deletion': Flags.boolean({
    description: 'Finish a deletion that failed (DELETE_FAILED), then create the stack anew.',
    helpGroup: 'STUCK STACKS',
  }),
  'keep-resource': Flags.string({
    description: 'With --finish-deletion: keep this resource; it belongs to no stack any more.',
    helpValue: 'LOGICAL_ID',
    helpGroup: 'STUCK STACKS',
    multiple: true,
    multipleNonGreedy: true,
  }),
};

export const DETACH_FLAG = {
  detach: Flags.boolean({
    description: 'With --create-stack: begin the changes of stacks and leave them to AWS.',
    dependsOn: ['create-stack'],
  }),
};

interface StuckFlags {
  readonly 'continue-rollback': boolean;
  readonly 'skip-resource'?: readonly string[] | undefined;
  readonly 'finish-deletion': boolean;
  readonly 'keep-resource'?: readonly string[] | undefined;
}

/**
 * Decides by the flags; where they say nothing and somebody can be asked, by asking.
 *
 * @param ask shows what is wrong and asks, with the progress out of the way
 * @throws UsageError `Usage` for a name without the flag that it belongs to
 */
export function stuckChoice(
  flags: StuckFlags,
  prompter: Prompter,
  ask: (
    lines: readonly string[],
    question: () => Promise<Decision | undefined>,
  ) => Promise<Decision | undefined>,
): (stuck: Stuck) => Promise<Decision | undefined> {
  const named = {
    continue: [
      flags['continue-rollback'],
      flags['skip-resource'] ?? [],
      '--skip-resource',
      '--continue-rollback',
    ],
    'finish-deletion': [
      flags['finish-deletion'],
      flags['keep-resource'] ?? [],
      '--keep-resource',
      '--finish-deletion',
    ],
  } as const;
  for (const [wanted, ids, name, needs] of Object.values(named))
    if (ids.length > 0 && !wanted)
      throw new UsageError({
        code: 'Usage',
        message: `${name} belongs to ${needs}, which is not given.`,
        suggestions: [`Add ${needs}.`],
      });
  const answered = new Map<string, Decision | undefined>();
  return async (stuck) => {
    const [wanted, but] = named[stuck.way];
    if (wanted) return { but };
    if (!prompter.canAsk) return undefined;
    // Somebody else may have worked since this command began to look: then it looks, and comes here, again.
    const same = JSON.stringify([stuck.stackName, stuck.way, stuck.resources]);
    if (!answered.has(same)) answered.set(same, await ask(words(stuck), () => asked(stuck, prompter)));
    return answered.get(same);
  };
}

function words(stuck: Stuck): string[] {
  const { stackName, way } = stuck;
  const what =
    way === 'continue'
      ? `The stack ${stackName} is stuck: an update failed, and so did taking it back. What stands in the way:`
      : `The stack ${stackName} is stuck: deleting it failed half way. What stands in the way:`;
  const advice = [...new Set(stuck.resources.flatMap((one) => one.advice))].map((text) => `  → ${text}`);
  return [what, ...stuckLines(stuck).map((line) => `  ${line}`), ...advice, MEANING[way]];
}

async function asked(stuck: Stuck, prompter: Prompter): Promise<Decision | undefined> {
  const { way, resources } = stuck;
  const [whole, but] =
    way === 'continue'
      ? ['Try again to take all of it back, then update', 'Skip resources by name, then update']
      : [
          'Try again to delete all of it, then create it anew',
          'Keep resources by name, delete the rest, create anew',
        ];
  const otherwise = way === 'continue' ? 'Give --continue-rollback.' : 'Give --finish-deletion.';
  const choice = await prompter.choose({ message: 'How does it go on?', otherwise }, [
    { name: 'Leave it as it is', value: 'leave' as const },
    { name: whole, value: 'whole' as const },
    ...(resources.length > 0 ? [{ name: but, value: 'but' as const }] : []),
  ]);
  if (choice === 'leave') return undefined;
  if (choice === 'whole') return { but: [] };
  const known = resources.map(({ id }) => id);
  const split = (text: string) => text.split(/[\s,]+/).filter(Boolean);
  const typed = await prompter.text(
    { message: `Which (${known.join(', ')}):`, otherwise },
    {
      validate: (text) => {
        const wrong = split(text).find((id) => !known.includes(id));
        return wrong ? `${wrong} is not among them.` : split(text).length > 0 || 'Type at least one name.';
      },
    },
  );
  return { but: split(typed) };
}
