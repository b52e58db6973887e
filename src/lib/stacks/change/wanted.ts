import { createHash } from 'node:crypto';
import { whenNotThrottled } from '../../aws/retry.ts';
import { InfractlError, UsageError } from '../../base/errors.ts';
import { plural } from '../../base/text.ts';
import {
  checkLocalPaths,
  hasLocalPaths,
  type PackagedTemplate,
  packageTemplate,
} from '../packaging/packaging.ts';
import type { StackState, TemplateSource } from '../port.ts';
import { loadTemplate } from '../template/load.ts';
import { checkParameters } from '../template/parameters.ts';
import { shownPath } from '../template/shown-path.ts';
import { INLINE_BYTES, LARGEST_BYTES, readTemplate, type Template } from '../template/template.ts';
import type { StackDeps, StackSpec } from '../types.ts';
import { sameTemplate } from './compare.ts';

/** The template of a stack as it is to be, with what it names on this machine packed and nothing uploaded. */
export interface Wanted {
  readonly template: Template;
  /** Undefined where the template names nothing on this machine. */
  readonly packaged: PackagedTemplate | undefined;
}

/**
 * Reads the template, looks at what it names on this machine and checks the parameters. Calls nothing.
 *
 * @param unknown parameters whose value another part will give
 * @throws UsageError as `loadTemplate` and `checkLocalPaths`, and `ParametersInvalid`.
 */
export async function checkedTemplate(spec: StackSpec, unknown: readonly string[] = []): Promise<Template> {
  const { templateText: text } = spec;
  const template =
    text === undefined ? await loadTemplate(spec.templateFile) : readTemplate(spec.templateFile, text);
  if (text === undefined) await checkLocalPaths(template);
  const open = [...unknown, ...(spec.previous ?? [])];
  const later = Object.fromEntries(open.map((name) => [name, { value: undefined, secret: false }]));
  const errors = checkParameters(template, { ...later, ...spec.parameters }).filter(
    ({ level }) => level === 'error',
  );
  if (errors.length > 0)
    throw new UsageError({
      code: 'ParametersInvalid',
      message: `${plural(errors.length, 'parameter')} of the stack ${spec.stackName} cannot be used.`,
      why: errors.map(({ message }) => message).join('\n'),
      suggestions: [`Correct them under \`parameters:\` of the ${spec.part} in infractl.yaml.`],
    });
  return template;
}

/** What is wanted beside what is there: packing and the two reading calls take place at once. */
export async function compareWith(
  deps: Pick<StackDeps, 'port' | 'clock' | 'signal'>,
  spec: StackSpec,
  template: Template,
): Promise<{
  readonly wanted: Wanted;
  readonly state: StackState | undefined;
  readonly deployed: string | undefined;
}> {
  const [packaged, state, deployed] = await Promise.all([
    spec.templateText === undefined && hasLocalPaths(template) ? packageTemplate(template) : undefined,
    whenNotThrottled(deps, () => deps.port.stack(spec.stackName)),
    deps.port.template(spec.stackName),
  ]);
  return { wanted: { template, packaged }, state, deployed };
}

/**
 * The text that would be sent, told without opening the artifact store: what is deployed already is in
 * the bucket that the deployed text names. Undefined: it names none.
 */
export function textAsDeployed({ template, packaged }: Wanted, deployed: string): string | undefined {
  if (!packaged) return template.text;
  const where = packaged.whereIn(deployed);
  return where && packaged.text(where);
}

/** Whether equal texts may still become different stacks: see `TemplateFacts.openEnded`. */
export function isOpenEnded({ template, packaged }: Wanted): boolean {
  return packaged?.openEnded ?? template.openEnded;
}

/** Whether the deployed text is the wanted one. */
export function isDeployedText(wanted: Wanted, deployed: string): boolean {
  const text = textAsDeployed(wanted, deployed);
  return text !== undefined && sameTemplate(deployed, text);
}

/**
 * The template for a change set that is only looked at: templates that have to be in S3 are uploaded, as the
 * next deploy would, but no bucket is made, and no code uploaded. Undefined: there is no bucket, and one is
 * needed.
 */
export async function lookable(
  { existingArtifacts }: Pick<StackDeps, 'existingArtifacts'>,
  { template, packaged }: Wanted,
): Promise<TemplateSource | undefined> {
  if (!packaged && Buffer.byteLength(template.text) <= INLINE_BYTES) return { body: template.text };
  const store = await existingArtifacts?.();
  if (!store) return undefined;
  await packaged?.uploadTemplates(store);
  return place(packaged?.text(store) ?? template.text, template, async () => store);
}

/** Uploads what has to be in S3 and gives the template as CloudFormation takes it. */
export async function sendable(
  deps: StackDeps,
  { template, packaged }: Wanted,
): Promise<{ readonly source: TemplateSource; readonly sha256: string; readonly text: string }> {
  let text = template.text;
  if (packaged) {
    const store = await deps.artifacts();
    await packaged.upload(store);
    text = packaged.text(store);
  }
  return { source: await place(text, template, deps.artifacts), sha256: textSha256(text), text };
}

/** The text as CloudFormation takes it: in the request where it fits, else by its place in S3. */
async function place(
  text: string,
  template: Template,
  artifacts: StackDeps['artifacts'],
): Promise<TemplateSource> {
  const size = Buffer.byteLength(text);
  if (size <= INLINE_BYTES) return { body: text };
  if (size > LARGEST_BYTES)
    throw new InfractlError({
      code: 'TemplateTooLarge',
      message: `With the places of its code the template ${shownPath(template.file)} has ${size} bytes; CloudFormation takes no more than ${LARGEST_BYTES}.`,
      suggestions: ['Split it into several stacks, joined by outputs and parameters.'],
    });
  const store = await artifacts();
  const key = `templates/${textSha256(text)}.yaml`;
  if (!(await store.has(key))) await store.put(key, text, { contentType: 'text/yaml', ifAbsent: true });
  return { url: store.url(key) };
}

/** SHA-256 in hex. */
export function textSha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
