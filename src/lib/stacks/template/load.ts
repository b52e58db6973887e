import { readFile } from 'node:fs/promises';
import { messageOf, UsageError } from '../../base/errors.ts';
import { userText } from '../../base/user-text.ts';
import { checkUses } from './check.ts';
import { shownPath } from './shown-path.ts';
import { LARGEST_BYTES, readTemplate, type Template } from './template.ts';

/** Templates are read by the checks, the plan and the deploy of one command: parsed once. */
const parsed = new Map<string, Template>();

/**
 * Reads a template and finds what can be found without AWS.
 *
 * @throws UsageError `TemplateMissing`, `TemplateSyntax`, `TemplateTooLarge` or `TemplateInvalid`.
 */
export async function loadTemplate(file: string): Promise<Template> {
  const text = await readTemplateFile(file);
  const known = parsed.get(file);
  if (known?.text === text) return known;
  const template = readTemplate(file, text);
  checkUses(template);
  parsed.set(file, template);
  return template;
}

async function readTemplateFile(file: string): Promise<string> {
  let text: string;
  try {
    text = userText(await readFile(file));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw new UsageError({
      code: 'TemplateMissing',
      message:
        code === 'ENOENT'
          ? `There is no template at ${shownPath(file)}.`
          : `The template ${shownPath(file)} cannot be read: ${messageOf(error)}.`,
      suggestions: ['Check `template:` of the stack in infractl.yaml; it is relative to that file.'],
      cause: error,
    });
  }
  const size = Buffer.byteLength(text);
  if (size > LARGEST_BYTES)
    throw new UsageError({
      code: 'TemplateTooLarge',
      message: `The template ${shownPath(file)} has ${size} bytes; CloudFormation takes no more than ${LARGEST_BYTES}.`,
      suggestions: ['Split it into several stacks, joined by outputs and parameters.'],
    });
  return text;
}
