import { stringify } from 'yaml';
import type { Draft, DraftEnvironment, DraftHost, DraftParameter, DraftStack } from './draft.ts';

/** So wide is a line with its explanation behind it; a longer explanation stands above. */
const WIDE = 110;

/** `infractl.yaml` of a draft. Each of its lines is explained, behind it or above it. */
export function renderDraft(draft: Draft): string {
  const page = new Page();
  page.say(0, `Made by infractl init from ${draft.from}. To check it: infractl config validate`);
  page.line(0, `project: ${scalar(draft.project)}`, 'Names that infractl makes in AWS begin with it.');
  if (draft.region)
    page.line(
      0,
      `region: ${scalar(draft.region)}`,
      'Where everything is, unless an environment says otherwise.',
    );
  else page.open(0, 'region: eu-west-3', 'Where everything is. Without it: what your AWS settings say.');
  if (draft.profile) page.line(0, `profile: ${scalar(draft.profile)}`, 'The AWS profile that is used.');
  page.gap();
  page.line(0, 'environments:', 'The first one is meant where --env says nothing.');
  for (const environment of draft.environments) renderEnvironment(page, environment);
  renderStacks(page, draft);
  renderHosts(page, draft.hosts);
  renderFunctions(page, draft);
  return page.text;
}

function renderEnvironment(page: Page, environment: DraftEnvironment): void {
  const { name, about, region, profile, stacks } = environment;
  const whole = region || profile || environment.protected || stacks.length > 0;
  page.line(2, whole ? `${name}:` : `${name}: {}`, about);
  if (region) page.line(4, `region: ${scalar(region)}`, 'In place of the one above.');
  if (profile) page.line(4, `profile: ${scalar(profile)}`, 'The AWS profile that is used for it.');
  if (environment.protected)
    page.line(4, 'protected: true', 'Nothing of it is changed without --env on the command line.');
  if (stacks.length === 0) return;
  page.line(4, 'stacks:', 'What is different here of the stacks below.');
  for (const stack of stacks) renderStack(page, 6, stack);
}

function renderStacks(page: Page, { stacks }: Draft): void {
  page.gap();
  if (stacks.length === 0) {
    page.say(
      0,
      'CloudFormation or SAM stacks. Outputs of one can be parameters of another: { output: app.ApiUrl }',
    );
    page.open(0, 'stacks:');
    page.open(2, 'app: { template: infra/template.yaml }', 'infractl deploy --create-stack makes it.');
    return;
  }
  page.line(0, 'stacks:', 'infractl deploy --create-stack creates and updates them.');
  for (const stack of stacks) renderStack(page, 2, stack);
}

function renderStack(page: Page, indent: number, stack: DraftStack): void {
  const { name, template, stackName, parameters, tags, terminationProtection } = stack;
  page.line(indent, `${name}:`, `Its name in commands: infractl deploy ${name}, infractl events ${name}.`);
  const inner = indent + 2;
  if (template) page.line(inner, `template: ${scalar(template)}`, 'Relative to this file.');
  if (stackName) page.line(inner, `name: ${scalar(stackName)}`, 'The name of the stack in AWS.');
  if (terminationProtection)
    page.line(inner, 'terminationProtection: true', 'AWS refuses to delete it while this is on.');
  renderParameters(page, inner, Object.entries(parameters));
  const marks = Object.entries(tags);
  if (marks.length === 0) return;
  page.line(inner, 'tags:', 'AWS copies them to all that the stack makes.');
  for (const [key, value] of marks)
    page.line(inner + 2, `${scalar(key)}: ${scalar(value)}`, 'As the stack has it.');
}

function renderParameters(page: Page, indent: number, entries: [string, DraftParameter][]): void {
  if (entries.length === 0) return;
  const given = entries.some(([, { value }]) => value.is !== 'open');
  const about = 'Values for the parameters of the template.';
  if (given) page.line(indent, 'parameters:', about);
  else page.open(indent, 'parameters:', about);
  for (const [name, { value, about: why }] of entries) {
    if (value.is === 'open') page.open(indent + 2, `${name}:`, why);
    else if (value.is === 'variable') page.line(indent + 2, `${name}: { env: ${value.name} }`, why);
    else page.line(indent + 2, `${name}: ${scalar(value.text)}`, why);
  }
}

function renderHosts(page: Page, hosts: readonly DraftHost[]): void {
  page.gap();
  const about = 'Machines for infractl host, manage, logs and backup.';
  if (hosts.length === 0) {
    page.say(0, about);
    page.open(0, 'hosts:');
    page.open(2, 'web: { tags: { Name: web }, ssh: { user: ubuntu } }');
    return;
  }
  page.line(0, 'hosts:', about);
  for (const { name, about: why, instance, output, address } of hosts) {
    const found = output
      ? `instance: { output: ${output} }`
      : instance
        ? `instance: ${scalar(instance)}`
        : `address: ${scalar(address ?? '')}`;
    page.line(2, `${name}:`, why);
    page.line(4, found, output ? 'The output of the stack that tells its id.' : 'How it is found.');
    page.open(4, 'ssh: { user: ubuntu }', 'Who logs in; without it, what the configuration of ssh says.');
  }
}

function renderFunctions(page: Page, { functions }: Draft): void {
  if (functions.length === 0) return;
  page.gap();
  page.say(
    0,
    'Functions whose code plain infractl deploy brings, once "zip:" names its folder (or "image:" an image):',
  );
  page.open(0, 'functions:');
  for (const { name, functionName } of functions)
    page.open(2, `${name}: { name: ${functionName}, zip: path/to/its/code }`);
}

/**
 * A text as a value of infractl.yaml: quoted where YAML would take it for something else, `${…}` kept from being
 * filled in.
 */
export function scalar(text: string): string {
  const kept = text.replace(/\$\{(?=[^}]*\})/g, () => '$${');
  if (/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(kept)) return JSON.stringify(kept);
  return stringify(kept, { lineWidth: 0 }).trimEnd();
}

class Page {
  readonly #lines: string[] = [];

  get text(): string {
    return `${this.#lines.join('\n').trimEnd()}\n`;
  }

  gap(): void {
    this.#lines.push('');
  }

  say(indent: number, words: string): void {
    this.#lines.push(`${' '.repeat(indent)}# ${words}`);
  }

  line(indent: number, code: string, about: string): void {
    this.#explained(`${' '.repeat(indent)}${code}`, indent, about);
  }

  /** A line that somebody may switch on. */
  open(indent: number, code: string, about?: string): void {
    const text = `${' '.repeat(indent)}# ${code}`;
    if (about === undefined) this.#lines.push(text);
    else this.#explained(text, indent, about);
  }

  #explained(text: string, indent: number, about: string): void {
    const words = about.replace(/\s+/g, ' ').trim();
    if (text.length + words.length + 4 <= WIDE) this.#lines.push(`${text}  # ${words}`);
    else this.#lines.push(`${' '.repeat(indent)}# ${words}`, text);
  }
}
