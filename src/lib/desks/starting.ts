import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join, posix, relative, resolve, sep } from 'node:path';
import type { AwsSession } from '../aws/session.ts';
import { InfractlError, UsageError } from '../base/errors.ts';
import { sideBySide } from '../base/side-by-side.ts';
import { nearest } from '../base/text.ts';
import { userText } from '../base/user-text.ts';
import { environmentNames, loadProject } from '../project/index.ts';
import {
  checkTemplate,
  ENVIRONMENT_TAG,
  PART_TAG,
  PROJECT_TAG,
  readTemplateText,
  type StackState,
  type StacksPort,
  type TemplateFacts,
} from '../stacks/index.ts';
import {
  type RunningStack,
  readSamFile,
  type SamFile,
  type Start,
  startFromSamconfig,
  startFromStacks,
  startFromWords,
  type TemplateWords,
  toldBy,
  type WordsOrder,
  type WritePlan,
  writeFiles,
} from '../starting/index.ts';

/** Where SAM looks for a template that nothing names. */
const TEMPLATES = ['template.yaml', 'template.yml', 'template.json'];
const OWN_TAGS = { project: PROJECT_TAG, environment: ENVIRONMENT_TAG, part: PART_TAG };
const AT_ONCE = 4;

export interface SamWish {
  /** As it was typed. */
  readonly file: string;
  /** In place of what the file names. */
  readonly template?: string | undefined;
  readonly region?: string | undefined;
  /** Only these of its environments. */
  readonly environments?: readonly string[] | undefined;
}

/**
 * Reads a samconfig.toml and the templates that it names; what it gives makes a project of them by its name.
 *
 * @param folder where infractl.yaml will be
 * @throws UsageError `NoSamconfig`, `BadSamconfig`, `NoSuchEnvironment`, `TemplateMissing`, those of `checkTemplate`
 */
export async function readSamconfig(folder: string, wish: SamWish): Promise<(project: string) => Start> {
  const path = resolve(folder, wish.file);
  const content = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    const missing = error.code === 'ENOENT' || error.code === 'ENOTDIR';
    throw new UsageError({
      code: 'NoSamconfig',
      message: missing ? `There is no file ${wish.file}.` : `${wish.file} cannot be read (${error.code}).`,
      suggestions: ['Name it: infractl init --from-samconfig path/to/samconfig.toml'],
    });
  });
  const sam = chosen(readSamFile(userText(content), wish.file), wish);
  const remarks: string[] = [];
  const templates: TemplateWords[] = [];
  for (const { template } of sam.environments) {
    const found = wish.template
      ? resolve(folder, wish.template)
      : samTemplate(dirname(path), template, remarks);
    templates.push(await templateWords(folder, found));
  }
  const told = { ...sam, remarks: [...sam.remarks, ...new Set(remarks)] };
  const { file, region } = wish;
  return (project) => startFromSamconfig({ file, region, sam: told, project, templates });
}

function chosen(sam: SamFile, { file, environments = [] }: SamWish): SamFile {
  if (environments.length === 0) return sam;
  const names = sam.environments.map(({ name }) => name);
  const wrong = environments.find((name) => !names.includes(name));
  if (wrong !== undefined) {
    const near = nearest(wrong, names);
    throw new UsageError({
      code: 'NoSuchEnvironment',
      message: `${file} has no environment "${wrong}".`,
      suggestions: [...(near ? [`Did you mean ${near}?`] : []), `It has: ${names.join(', ')}`],
    });
  }
  return { ...sam, environments: sam.environments.filter(({ name }) => environments.includes(name)) };
}

/** The source, not what `sam build` made of it. */
function samTemplate(folder: string, named: string | undefined, remarks: string[]): string {
  const built = named !== undefined && /(^|[\\/])\.aws-sam[\\/]/.test(named);
  const wanted = named === undefined || built ? TEMPLATES : [named];
  const found = wanted.map((name) => join(folder, name)).find((path) => existsSync(path));
  if (found === undefined)
    throw new UsageError({
      code: 'TemplateMissing',
      message: `There is no template ${wanted.join(', ')} in ${folder}.`,
      suggestions: ['Name it: infractl init --from-samconfig --template FILE'],
    });
  if (built)
    remarks.push(
      `${named} is what sam build made; infractl.yaml names its source, and packs the folders of its code as they are: ` +
        'what is installed into them by sam build has to be in them.',
    );
  return found;
}

/** A template as drafts read it, by its path in the project. */
async function templateWords(folder: string, file: string): Promise<TemplateWords> {
  const facts = await checkTemplate(file);
  return wordsOf(relative(folder, file).split(sep).join(posix.sep), facts);
}

function wordsOf(path: string, facts: TemplateFacts): TemplateWords {
  return { path, parameters: facts.parameters };
}

/** The stacks of an account and region that a project can be made of: not nested ones, not those that go. */
export async function stacksToStartFrom(session: AwsSession): Promise<readonly StackState[]> {
  const port = await stacksPort(session);
  const all = await port.stacks();
  return all
    .filter(({ parentId, status }) => parentId === undefined && !/^(?:DELETE_|REVIEW_)/.test(status))
    .sort((a, b) => (a.stackName < b.stackName ? -1 : 1));
}

export interface StacksWish {
  readonly names: readonly string[];
  readonly environment?: string | undefined;
  /** As it was given: what AWS's own settings say is not written down. */
  readonly profile?: string | undefined;
}

/** Stacks that were read. */
export interface StacksRead {
  /** The project that their tags or names tell of. */
  readonly told: string | undefined;
  /** A project of them. @throws UsageError `AnotherProject` where their tags tell of another one */
  start(project: string): Start;
}

/**
 * Reads stacks that run: DescribeStacks, GetTemplate, ListStackResources, GetStackPolicy of each.
 *
 * @throws InfractlError `StackNotFound`; UsageError `NestedStack`, `StackNotWhole`
 */
export async function readStacks(session: AwsSession, wish: StacksWish): Promise<StacksRead> {
  const port = await stacksPort(session);
  const names = [...new Set(wish.names)];
  const stacks = await sideBySide(names, AT_ONCE, (name) => runningStack(port, session, name));
  return {
    told: toldBy(stacks, OWN_TAGS).project,
    start(project) {
      const tagged = stacks.find(({ tags }) => (tags[PROJECT_TAG] ?? project) !== project);
      if (tagged) throw anotherProject(tagged, project);
      const { region } = session;
      return startFromStacks({ ...wish, stacks, ownTags: OWN_TAGS, region, project });
    },
  };
}

function anotherProject({ stackName, tags }: RunningStack, project: string): UsageError {
  const owner = tags[PROJECT_TAG];
  return new UsageError({
    code: 'AnotherProject',
    message: `The stack ${stackName} belongs to the project ${owner}, not to ${project}.`,
    suggestions: [`Give --name ${owner}.`],
  });
}

async function runningStack(port: StacksPort, session: AwsSession, name: string): Promise<RunningStack> {
  const state = await port.stack(name);
  if (!state)
    throw new InfractlError({
      code: 'StackNotFound',
      message: `The stack ${name} does not exist in ${session.region}.`,
      suggestions: ['See which there are: infractl list', 'Check the profile and the region.'],
    });
  if (state.parentId !== undefined)
    throw new UsageError({
      code: 'NestedStack',
      message: `The stack ${name} is nested in another one, which makes it.`,
      suggestions: [
        `Start from that one: infractl init --from-stack ${state.parentId.split('/')[1] ?? 'NAME'}`,
      ],
    });
  if (/^(?:DELETE_|REVIEW_|ROLLBACK_COMPLETE|CREATE_FAILED)/.test(state.status))
    throw new UsageError({
      code: 'StackNotWhole',
      message: `The stack ${name} is in ${state.status}: it is not there, or not whole.`,
      suggestions: [`See why: infractl explain ${name}`],
    });
  const [template, resources, policy] = await Promise.all([
    port.template(state.stackId),
    port.resources(state.stackId),
    port.stackPolicy(state.stackId).catch(() => undefined),
  ]);
  if (template === undefined)
    throw new InfractlError({ code: 'NoTemplate', message: `AWS gives no template of the stack ${name}.` });
  return {
    ...state,
    template,
    resources,
    policy: policy !== undefined,
    facts: await readTemplateText(`template of ${name}`, template),
  };
}

async function stacksPort(session: AwsSession): Promise<StacksPort> {
  return (await import('../aws/cloudformation.ts')).cloudFormation(session);
}

/** A project out of a few words. @throws those of `checkTemplate` */
export async function wordsStart(
  folder: string,
  { template, ...order }: Omit<WordsOrder, 'template'> & { readonly template?: string | undefined },
): Promise<Start> {
  const words = template === undefined ? undefined : await templateWords(folder, resolve(folder, template));
  return startFromWords({ ...order, template: words });
}

export { planFiles as planStart } from '../starting/index.ts';

/** Writes it, all or nothing, once infractl itself reads it in every environment. See `writeFiles`. */
export async function writeStart(plan: WritePlan): Promise<void> {
  await writeFiles(plan, async (staging) => {
    const options = { cwd: staging, file: join(staging, 'infractl.yaml'), checkFiles: false, git: false };
    for (const environment of await environmentNames(options)) await loadProject({ ...options, environment });
  });
}
