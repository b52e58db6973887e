import * as z from 'zod/mini';
import { parseDuration, writtenDuration } from '../duration.ts';
import type { StackPart, Value } from '../model.ts';
import { readParameterFile } from '../parameters/parameter-file.ts';
import type { SamSettings } from '../parameters/samconfig.ts';
import { duration, flag, list, map, named, noted, shaped, text } from './fields.ts';
import { relativePath } from './paths.ts';
import type { BuildContext, Section } from './section.ts';
import { readStackPolicy } from './stack-policy.ts';
import { value } from './value.ts';

const STACK_NAME = /^[A-Za-z][A-Za-z0-9-]{0,127}$/;
const STACK_NAME_RULE = 'letters, digits and hyphens, begin with a letter, and have at most 128 characters';
const DEFAULT_TIMEOUT = 3_600_000;

const schema = map(
  {
    template: text('The CloudFormation or SAM template, relative to this file.'),
    name: z.optional(
      shaped(
        'The name of the stack in AWS. Default: <project>-<part>-<environment>.',
        STACK_NAME,
        STACK_NAME_RULE,
      ),
    ),
    parameters: z.optional(
      named(
        value<Value | readonly Value[]>({
          description:
            'A literal, a list (joined by commas), or a reference such as { output: network.VpcId }.',
          list: true,
        }),
        'Values for the parameters of the template.',
        /^[A-Za-z0-9]{1,255}$/,
        'letters and digits: the name of a parameter of the template',
      ),
    ),
    samconfig: z.optional(
      text(
        'A samconfig.toml: its parameter_overrides are used below `parameters`, its stack_name and region where none is given here.',
      ),
    ),
    parameterFile: z.optional(
      text(
        'A parameter file of the AWS CLI or of CodePipeline (JSON): its values are used below `parameters`.',
      ),
    ),
    tags: z.optional(
      noted(
        z.record(z.string().check(z.maxLength(128, 'must have at most 128 characters.')), tagValue()),
        'Tags of the stack; AWS copies them to its resources.',
      ),
    ),
    terminationProtection: z.optional(
      flag(
        'Whether AWS refuses to delete the stack until this is switched off. Default: as it is, off for a new one.',
      ),
    ),
    express: z.optional(
      flag(
        'Deploy in express mode: AWS does not wait until resources work. For development; replacements are refused. Default: false.',
      ),
    ),
    stackPolicy: z.optional(
      text(
        'A stack policy (JSON, relative to this file): which updates of which resources AWS refuses. Set when it differs.',
      ),
    ),
    timeout: z.optional(duration('How long to wait for one operation on the stack. Default: 1h.')),
    after: z.optional(
      list(
        text('A part: its name, or its kind and name, such as "image api".'),
        'Parts that must be done first although no value says so.',
      ),
    ),
  },
  'A CloudFormation or SAM stack.',
);

type RawStack = z.infer<typeof schema>;

function tagValue() {
  return noted(z.union([z.string(), z.number(), z.boolean()], 'must be a text.'), 'The value of the tag.');
}

export const stacks: Section<RawStack, StackPart> = {
  kind: 'stack',
  schema,
  description: 'CloudFormation and SAM stacks.',
  merge: { wholes: [['*', 'parameters', '*']] },
  async build(name, raw, context) {
    const template = context.existing(['stacks', name, 'template'], raw.template, 'file');
    const sam = raw.samconfig
      ? await context.samconfig(['stacks', name, 'samconfig'], raw.samconfig)
      : undefined;
    if (sam?.stackName && !raw.name)
      context.origin(['stacks', name, 'name'], { kind: 'samconfig', file: raw.samconfig ?? '' });
    const stackName = raw.name ?? sam?.stackName ?? `${context.project}-${name}-${context.environment}`;
    if (!STACK_NAME.test(stackName)) {
      context.problem(['stacks', name, 'name'], `would be called ${stackName}, which AWS does not accept.`, {
        expected: `A stack's name must be ${STACK_NAME_RULE}. Give it a "name:".`,
      });
    }
    return {
      name,
      stackName,
      template,
      parameters: mergeParameters(name, raw, sam, context),
      tags: Object.fromEntries(Object.entries(raw.tags ?? {}).map(([key, tag]) => [key, String(tag)])),
      ...(raw.terminationProtection === undefined
        ? {}
        : { terminationProtection: raw.terminationProtection }),
      ...(raw.express ? { express: true } : {}),
      ...stackPolicyOf(name, raw, context),
      timeout: parseDuration(raw.timeout) ?? DEFAULT_TIMEOUT,
      after: raw.after ?? [],
    };
  },
  show: (part, root) => ({
    name: part.stackName,
    template: relativePath(root, part.template),
    parameters: part.parameters,
    tags: part.tags,
    terminationProtection: part.terminationProtection,
    express: part.express,
    stackPolicy: part.stackPolicy && relativePath(root, part.stackPolicy.file),
    timeout: writtenDuration(part.timeout),
    after: part.after,
  }),
};

/** Reads the policy, and checks that it is one: JSON with statements, no larger than AWS takes. */
function stackPolicyOf(name: string, raw: RawStack, context: BuildContext): Pick<StackPart, 'stackPolicy'> {
  if (raw.stackPolicy === undefined) return {};
  const path = ['stacks', name, 'stackPolicy'];
  const file = context.existing(path, raw.stackPolicy, 'file');
  const read = readStackPolicy(file);
  if (read === undefined) return {};
  if ('text' in read) return { stackPolicy: { file, text: read.text } };
  context.problem(path, `names ${raw.stackPolicy}, but ${read.problem}`, { expected: read.expected });
  return {};
}

/** samconfig below the parameter file below `parameters`. */
function mergeParameters(
  name: string,
  raw: RawStack,
  sam: SamSettings | undefined,
  context: BuildContext,
): StackPart['parameters'] {
  const merged = new Map<string, Value | readonly Value[]>();
  const add = (
    entries: Readonly<Record<string, Value | readonly Value[]>>,
    from?: 'samconfig' | 'parameter file',
    file = '',
  ) => {
    for (const [key, entry] of Object.entries(entries)) {
      merged.set(key, entry);
      if (from) context.origin(['stacks', name, 'parameters', key], { kind: from, file });
    }
  };
  if (sam) add(sam.parameters, 'samconfig', raw.samconfig);
  if (raw.parameterFile) {
    const path = ['stacks', name, 'parameterFile'];
    const file = context.existing(path, raw.parameterFile, 'file');
    const read = readParameterFile(file);
    if ('parameters' in read) add(read.parameters, 'parameter file', raw.parameterFile);
    else if (read.problem) context.problem(path, `names ${raw.parameterFile}, but ${read.problem}`, read);
  }
  add(raw.parameters ?? {});
  return Object.fromEntries(merged);
}
