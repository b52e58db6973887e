import { dirname, isAbsolute, resolve } from 'node:path';
import { loadTemplate } from '../template/load.ts';
import type { Template } from '../template/template.ts';
import { child, scalarText } from '../template/yaml.ts';
import { findInTemplate } from './explain.ts';

/** Where a resource is in the templates of this machine. */
export interface Place {
  /** Absolute. */
  readonly file: string;
  readonly line: number;
  /** The resource that SAM or a macro made it from, where it is not its own. */
  readonly from: string | undefined;
}

/**
 * Finds a resource through nested stacks whose templates are files of this machine; undefined where the way
 * leads out of them, or a template cannot be read.
 *
 * @param path logical ids from the outermost stack down
 */
export async function locate(file: string, path: readonly string[]): Promise<Place | undefined> {
  const [head, ...rest] = path;
  if (head === undefined) return undefined;
  // The template need not be there, nor be the one that was deployed.
  const template = await loadTemplate(file).catch(() => undefined);
  const found = template && findInTemplate(head, template);
  if (!found) return undefined;
  if (rest.length > 0) {
    const inner = nestedFile(template, found.id);
    return inner === undefined ? undefined : locate(inner, rest);
  }
  return { file, line: found.line, from: found.id === head ? undefined : found.id };
}

function nestedFile(template: Template, id: string): string | undefined {
  const properties = child(child(child(template.tree.root, 'Resources'), id), 'Properties');
  const named = scalarText(child(properties, 'TemplateURL') ?? child(properties, 'Location'));
  if (!named || /^(?:s3|https?|arn):/i.test(named) || named.includes('${')) return undefined;
  return isAbsolute(named) ? named : resolve(dirname(template.file), named);
}
