import * as z from 'zod/mini';
import { flag, issue, map, NAME, NAME_RULE, named, noted, shaped, text } from './fields.ts';

const region = () =>
  shaped(
    'The AWS region, such as eu-west-3.',
    /^[a-z]{2,3}(?:-[a-z]+)+-\d+$/,
    'an AWS region, such as eu-west-3',
  );

/** YAML reads the digits as a number; ones with a leading zero arrive as text (see source.ts). */
const account = () =>
  noted(
    z.custom<string | number>().check((context) => {
      if (/^\d{12}$/.test(String(context.value))) return;
      context.issues.push(issue(context.value, [], 'must be the 12 digits of an AWS account.'));
    }),
    {
      description: 'The AWS account that must be used: 12 digits. Anything else is refused before a change.',
      type: ['string', 'integer'],
      pattern: '^\\d{12}$',
    },
  );

const settings = () => ({
  region: z.optional(region()),
  profile: z.optional(text('The AWS profile to use.')),
  account: z.optional(account()),
});

export const projectName = shaped(
  'The name of the project: the beginning of every name that is made in AWS.',
  NAME,
  NAME_RULE,
);

/** The keys of `infractl.yaml` that are no section; `sections` are checked after the merge. */
export function fileSchema(sections: Readonly<Record<string, z.ZodMiniType>>) {
  const optional = Object.fromEntries(Object.entries(sections).map(([key, s]) => [key, z.optional(s)]));
  const environment = map(
    {
      ...settings(),
      protected: z.optional(
        flag('Whether this environment must be named with --env before it is changed. Default: false.'),
      ),
      ...optional,
    },
    'An environment: its settings, and its overrides of any section.',
  );
  return map(
    {
      project: projectName,
      ...settings(),
      environments: z.optional(
        named(
          environment,
          'The environments, in the order in which they are chosen. Default: one, "dev".',
          NAME,
          NAME_RULE,
        ),
      ),
      ...optional,
    },
    'The configuration of an infractl project.',
  );
}

export interface EnvironmentSettings {
  readonly region?: string | undefined;
  readonly profile?: string | undefined;
  readonly account?: string | number | undefined;
  readonly protected?: boolean | undefined;
}
