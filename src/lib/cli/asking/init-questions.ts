import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { UsageError } from '../../base/errors.ts';
import { isProjectName, listBlueprints } from '../../blueprints/index.ts';
import type { StackState } from '../../stacks/index.ts';
import { kebab } from '../../starting/index.ts';
import type { Prompter } from './prompt.ts';

/** What a project is started from. */
export type Source =
  | { readonly from: 'blueprint'; readonly name: string }
  | { readonly from: 'samconfig'; readonly file: string }
  /** Without names they are chosen from those that there are. */
  | { readonly from: 'stack'; readonly names: readonly string[] }
  | { readonly from: 'template'; readonly file: string }
  | { readonly from: 'nothing' };

const SAMCONFIG = 'samconfig.toml';
/** Beyond that a file is no template. Bytes. */
const LARGEST = 1_000_000;

/**
 * Asks what a project is to be started from: what is in the folder first. Beside a project only what gets a folder of its
 * own is offered: nothing is overwritten, and nobody answers questions in vain.
 */
export async function askSource(prompter: Prompter, folder: string): Promise<Source> {
  const blueprints = await listBlueprints();
  const choice = (name: string, value: Source, description: string) => ({ name, value, description });
  const copies = blueprints.map(({ name, title, description }) =>
    choice(`${name}: ${title}`, { from: 'blueprint', name }, description),
  );
  const taken = existsSync(join(folder, 'infractl.yaml'));
  return prompter.choose<Source>(
    {
      message: taken
        ? 'infractl.yaml is here already: only a folder of its own can be made. What do you start from?'
        : 'What do you start from?',
      otherwise: `Name a blueprint: infractl init BLUEPRINT. There are: ${blueprints.map(({ name }) => name).join(', ')}. Or say --from-samconfig, --from-stack NAME, --template FILE or --empty.`,
    },
    taken
      ? copies
      : [
          ...(existsSync(join(folder, SAMCONFIG))
            ? [
                choice(
                  `${SAMCONFIG}: what sam deploys here`,
                  { from: 'samconfig', file: SAMCONFIG },
                  'Its environments, parameters and tags.',
                ),
              ]
            : []),
          ...templatesIn(folder).map((file) =>
            choice(
              `${file}: a template that is here`,
              { from: 'template', file },
              'A stack of it, and a few questions.',
            ),
          ),
          ...copies,
          choice(
            'stacks that run in AWS',
            { from: 'stack', names: [] },
            'Their templates, parameters, tags and hosts.',
          ),
          choice('nothing', { from: 'nothing' }, 'A name, environments, hosts: a few questions.'),
        ],
  );
}

/** CloudFormation's templates in a folder, by what is in them. */
export function templatesIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => /\.(?:ya?ml|json|template)$/.test(name) && !/^infractl\.ya?ml$/.test(name))
    .filter((name) => {
      const path = join(folder, name);
      const facts = statSync(path, { throwIfNoEntry: false });
      if (!facts?.isFile() || facts.size > LARGEST) return false;
      return /^\s*"?Resources"?\s*:/m.test(readFileSync(path, 'utf8'));
    })
    .sort();
}

/** Which of the stacks that there are; several are parts of one project. */
export async function askStacks(prompter: Prompter, stacks: readonly StackState[]): Promise<string[]> {
  if (stacks.length === 0)
    throw new UsageError({
      code: 'NoStacks',
      message: 'There are no stacks in this account and region.',
      suggestions: ['Check the profile and the region: --profile, --region'],
    });
  return prompter.chooseSome(
    { message: 'Which stacks?', otherwise: 'Name them: --from-stack NAME' },
    stacks.map(({ stackName, status }) => ({ name: `${stackName}  ${status}`, value: stackName })),
  );
}

/**
 * The name of the project: as given, else asked for with what suits, else what suits.
 *
 * @throws UsageError `InvalidName`, `NameNeeded`
 */
export async function projectName(
  prompter: Prompter,
  folder: string,
  given: string | undefined,
  told: string | undefined,
): Promise<string> {
  const suits = [told, kebab(basename(folder))].find((name) => name !== undefined && isProjectName(name));
  const wrong = (name: string) =>
    isProjectName(name) || 'At most 32 lower-case letters, digits and single hyphens, a letter first.';
  if (given !== undefined) {
    const problem = wrong(given);
    if (problem === true) return given;
    throw new UsageError({
      code: 'InvalidName',
      message: `"${given}" cannot be the name of a project.`,
      why: `Names in AWS begin with it. ${problem}`,
      suggestions: [`Give another one: --name ${suits ?? 'shop'}`],
    });
  }
  if (!prompter.canAsk && suits) return suits;
  return prompter.text(
    { message: 'The name of the project:', otherwise: 'Give --name NAME.' },
    { validate: wrong, ...(suits ? { initial: suits } : {}) },
  );
}

export interface Words {
  readonly region: string | undefined;
  readonly environments: readonly string[];
  readonly template: string | undefined;
  readonly hosts: readonly { readonly name: string; readonly place: string }[];
}

const REGION = /^[a-z]{2,3}(?:-[a-z]+)+-\d+$/;
const ENVIRONMENT = /^[a-z](?:[a-z0-9-]{0,62}[a-z0-9])?$/;
const HOST = /^([a-z](?:[a-z0-9-]{0,62}[a-z0-9])?)=([A-Za-z0-9_:[][A-Za-z0-9_.:\]-]*)$/;

/** Asks for what was not given, where somebody can answer; each answer may be left empty. */
export async function askWords(
  prompter: Prompter,
  given: {
    readonly region?: string | undefined;
    readonly environments?: readonly string[] | undefined;
    readonly template?: string | undefined;
    readonly host?: readonly string[] | undefined;
  },
): Promise<Words> {
  const ask = async (
    message: string,
    otherwise: string,
    validate: (text: string) => true | string,
    initial?: string,
  ) => {
    if (!prompter.canAsk) return '';
    const answer = await prompter.text({ message, otherwise }, { validate, ...(initial ? { initial } : {}) });
    return answer.trim();
  };
  const region =
    checked(given.region, regionProblem, '--region') ??
    (await ask(
      'The AWS region (empty: what your AWS settings say):',
      'Give --region.',
      (text) => text === '' || regionProblem(text),
    ));
  const environments =
    given.environments ??
    words(
      await ask(
        'Environments, the usual one first:',
        'Give --environments.',
        environmentsProblem,
        'dev, prod',
      ),
    );
  const template =
    given.template ??
    (await ask(
      'The template of a stack (empty: none yet):',
      'Give --template.',
      (text) => text === '' || existsSync(text) || `There is no file ${text}.`,
    ));
  const hosts =
    given.host ??
    words(
      await ask('Hosts, such as web=203.0.113.7 or web=i-… (empty: none):', 'Give --host.', hostsProblem),
    );
  checked(environments.join(','), environmentsProblem, '--environments');
  checked(hosts.join(','), hostsProblem, '--host');
  return {
    region: region || undefined,
    environments: environments.length > 0 ? environments : ['dev'],
    template: template || undefined,
    hosts: hosts.map((text) => {
      const [, name = '', place = ''] = HOST.exec(text) ?? [];
      return { name, place };
    }),
  };
}

const words = (text: string) => text.split(/[\s,]+/).filter(Boolean);

const regionProblem = (text: string) =>
  REGION.test(text) || `"${text}" is not an AWS region, such as eu-west-3.`;
const environmentsProblem = (text: string) =>
  all(text, ENVIRONMENT, 'is no name of an environment: lower-case letters, digits and hyphens.');
const hostsProblem = (text: string) => all(text, HOST, 'is no host: write NAME=ADDRESS or NAME=i-….');

function all(text: string, pattern: RegExp, problem: string): true | string {
  const wrong = words(text).find((word) => !pattern.test(word));
  return wrong === undefined || `"${wrong}" ${problem}`;
}

function checked(
  text: string | undefined,
  problem: (text: string) => true | string,
  flag: string,
): string | undefined {
  if (text === undefined) return undefined;
  const wrong = problem(text);
  if (wrong === true) return text;
  throw new UsageError({
    code: flag === '--region' ? 'InvalidRegion' : 'InvalidName',
    message: wrong,
    suggestions: [`Correct ${flag}.`],
  });
}
