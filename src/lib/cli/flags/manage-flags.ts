import * as Flags from '@oclif/core/flags';
import { readDuration } from '../../base/duration.ts';
import { UsageError } from '../../base/errors.ts';
import { nearest } from '../../base/text.ts';
import { STAGES, type Stage, TIMEOUTS, type Timeouts } from '../../instances/index.ts';

/** Which targets. Without a flag: all of the environment. */
export const targetFlags = {
  host: Flags.string({
    char: 'H',
    multiple: true,
    multipleNonGreedy: true,
    delimiter: ',',
    description: 'A host of infractl.yaml; several with commas.',
    helpValue: 'NAME',
  }),
  tag: Flags.string({
    char: 't',
    multiple: true,
    multipleNonGreedy: true,
    description: 'Everything that has this tag; with several, all of them.',
    helpValue: 'KEY=VALUE',
  }),
  id: Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    delimiter: ',',
    description: 'An instance by its id; a group or a database by its name.',
    helpValue: 'ID',
  }),
};

/** How far is waited, and whether anybody is asked. */
export const actFlags = {
  ...targetFlags,
  wait: Flags.boolean({ allowNo: true, default: true, description: 'Wait until it is done.' }),
  timeout: Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    description: 'How long a stage may take: 10m for each, or checks=15m for one.',
    helpValue: 'TIME',
  }),
  'skip-gone': Flags.boolean({
    description: 'Leave out an --id that is not there any more; without it nothing is done then.',
    dependsOn: ['id'],
  }),
  'dry-run': Flags.boolean({ description: 'Say what would happen; change nothing.' }),
};

export const untilFlag = Flags.string({
  options: [...STAGES],
  default: 'health',
  description: 'The last stage to wait for.',
});

/** What is asked before something stops. */
export const confirmFlags = {
  yes: Flags.boolean({ char: 'y', description: 'Do not ask.' }),
  confirm: Flags.string({
    description:
      'The name to confirm with where much is at stake: <project>-<environment>, without a project the region.',
    helpValue: 'NAME',
  }),
};

/**
 * `Name=web`, `env=prod` → a record.
 *
 * @throws UsageError `BadTag`
 */
export function tagsOf(written: readonly string[] | undefined): Record<string, string> {
  return Object.fromEntries(
    (written ?? []).map((text) => {
      const at = text.indexOf('=');
      if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
      throw new UsageError({
        code: 'BadTag',
        message: `"${text}" is no tag.`,
        suggestions: ['Write it as KEY=VALUE: --tag Name=web'],
      });
    }),
  );
}

const LIMITS = [...STAGES, 'stop'] as const;

/**
 * `10m` and `checks=15m` → the time of each stage.
 *
 * @throws UsageError `BadTimeout`
 */
export function timeoutsOf(written: readonly string[] | undefined): Timeouts {
  const timeouts: Record<Stage | 'stop', number> = { ...TIMEOUTS };
  for (const text of written ?? []) {
    const [, stage, time = ''] = /^(?:([a-z]+)=)?(.*)$/s.exec(text) ?? [];
    const ms = readDuration(time);
    const known = LIMITS.find((one) => one === stage);
    if (!ms || (stage !== undefined && known === undefined)) {
      const near = stage === undefined ? undefined : nearest(stage, LIMITS);
      throw new UsageError({
        code: 'BadTimeout',
        message: `"${text}" is no timeout.`,
        suggestions: [
          ...(near && near !== stage ? [`Did you mean: --timeout ${near}=${time}`] : []),
          `Write a time (90s, 10m, 1h30m) or a stage and a time: ${LIMITS.map((one) => `${one}=10m`).join(', ')}`,
        ],
      });
    }
    for (const one of known ? [known] : LIMITS) timeouts[one] = ms;
  }
  return timeouts;
}
