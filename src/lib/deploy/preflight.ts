import { basename } from 'node:path';
import { Exit, InfractlError, UsageError } from '../base/errors.ts';
import { plural } from '../base/text.ts';
import { collectReferences } from '../project/index.ts';
import type { PartId, StackPart, Value } from '../project/model.ts';
import { checkParameters, checkTemplate, type GivenParameter, type TemplateFacts } from '../stacks/index.ts';
import type { Known } from './known.ts';
import type { DeployContext, MissingParameter } from './types.ts';

/**
 * Everything that can be checked before AWS is touched: the account, the templates, the folders of sites, the
 * parameters whose values are known on this machine. Parameters without a value are asked for where somebody can answer.
 *
 * @throws UsageError `InvalidParameters` with all that is wrong, those of `checkFolder`; InfractlError
 *   `WrongAccount` (exit 5)
 */
export async function preflight(
  context: DeployContext,
  known: Known,
  parts: readonly PartId[],
  { account = true } = {},
): Promise<void> {
  await checkSites(context, parts);
  const stacks = parts
    .filter(({ kind }) => kind === 'stack' && context.options.createStack)
    .flatMap(({ name }) => context.project.stacks.get(name) ?? []);
  const problems: string[] = [];
  for (const stack of stacks) problems.push(...(await checkStack(context, known, stack)));
  problems.push(...(await checkReleases(context, known, parts)));
  if (problems.length > 0) {
    throw new UsageError({
      code: 'InvalidParameters',
      message: `The configuration has ${plural(problems.length, 'problem')}; nothing was touched.`,
      why: problems.join('\n'),
      suggestions: [
        ...(stacks.length > 0
          ? [
              `Parameters stand under stacks.<name>.parameters in ${basename(context.project.file)}; a secret as { env: NAME }, its value in .env.secrets.`,
            ]
          : []),
      ],
    });
  }
  if (account) await checkAccount(context);
}

/** A site that is built is looked at when it is; one that goes back does not come from a folder. */
async function checkSites(
  { project, options, recipe }: DeployContext,
  parts: readonly PartId[],
): Promise<void> {
  const sites = parts.flatMap(({ kind, name }) => (kind === 'site' ? (project.sites.get(name) ?? []) : []));
  const built = sites.filter(({ build }) => build.length === 0 || options.skipBuild);
  if (recipe || built.length === 0) return;
  const { checkFolder } = await import('../sites/index.ts');
  for (const site of built) await checkFolder(site);
}

/** What an application gets from this machine's environment. One that goes back is on its host already. */
async function checkReleases(
  { project, recipe }: DeployContext,
  known: Known,
  parts: readonly PartId[],
): Promise<string[]> {
  const releases = parts.flatMap(({ kind, name }) =>
    kind === 'release' && !recipe ? (project.releases.get(name) ?? []) : [],
  );
  const problems: string[] = [];
  for (const { name: release, environment, source } of releases) {
    const { key, token } = { key: undefined, token: undefined, ...source };
    for (const [name, value] of Object.entries<Value | undefined>({ ...environment, key, token })) {
      if (value === undefined || !isLocal(value)) continue;
      await known.resolve(value).catch((error: unknown) => {
        if (!(error instanceof InfractlError)) throw error;
        problems.push(`release ${release}, ${name}: ${error.message} ${error.suggestions[0] ?? ''}`.trim());
      });
    }
  }
  return problems;
}

async function checkStack(context: DeployContext, known: Known, stack: StackPart): Promise<string[]> {
  const facts = await checkTemplate(stack.template);
  const problems: string[] = [];
  for (const missing of missingParameters(facts, stack)) {
    if (!context.ask) continue;
    known.setAnswer(stack.name, missing.name, await context.ask(missing));
  }
  const given: Record<string, GivenParameter> = {};
  for (const [name, value] of Object.entries(stack.parameters)) {
    try {
      given[name] = isLocal(value) ? await known.resolve(value) : { value: undefined, secret: false };
    } catch (error) {
      if (!(error instanceof InfractlError)) throw error;
      problems.push(`${stack.name}.${name}: ${error.message} ${error.suggestions[0] ?? ''}`.trim());
      given[name] = { value: undefined, secret: false };
    }
  }
  Object.assign(given, known.answers(stack.name));
  for (const issue of checkParameters(facts, given)) {
    if (issue.level === 'error') problems.push(`${stack.name}: ${issue.message}`);
    else context.reporter.emit({ type: 'warning', message: `${stack.name}: ${issue.message}` });
  }
  return problems;
}

function missingParameters(facts: TemplateFacts, stack: StackPart): MissingParameter[] {
  return [...facts.parameters]
    .filter(([name, declared]) => declared.default === undefined && !Object.hasOwn(stack.parameters, name))
    .map(([name, declared]) => ({
      stack: stack.name,
      name,
      secret: declared.noEcho,
      problem: (value: string) =>
        checkParameters(
          { parameters: new Map([[name, declared]]) },
          { [name]: { value, secret: declared.noEcho } },
        ).find(({ level }) => level === 'error')?.message,
      ...(declared.description ? { description: declared.description } : {}),
    }));
}

/** Whether a value is known without asking AWS. */
function isLocal(value: StackPart['parameters'][string]): boolean {
  return collectReferences(value).every((reference) => 'env' in reference);
}

/**
 * Refuses credentials of another account than the environment's. STS GetCallerIdentity, where `account` is set.
 *
 * @throws InfractlError `WrongAccount` (exit 5)
 */
export async function checkAccount({
  project,
  session,
}: Pick<DeployContext, 'project' | 'session'>): Promise<void> {
  if (project.account === undefined || session.sandbox) return;
  const { account, arn } = await session.identity();
  if (account === project.account) return;
  throw new InfractlError({
    code: 'WrongAccount',
    message: `The environment ${project.environment} belongs to the account ${project.account}, but these credentials are of ${account}.`,
    why: `They are ${arn}.`,
    suggestions: ['Choose the right profile with --profile NAME.'],
    exit: Exit.declined,
  });
}
