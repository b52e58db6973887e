import { readFile } from 'node:fs/promises';
import { isInfractlError } from '../../base/errors.ts';
import { type Wires, wiresOf } from './exports.ts';
import { readTemplate } from './template.ts';

/** A stack of a project, as far as its template's imports are concerned. */
export interface ImportingStack {
  readonly name: string;
  readonly stackName: string;
  /** Absolute path. */
  readonly template: string;
  /** Parameters as the configuration gives them; undefined: a secret, or known only when it is deployed. */
  readonly parameters: Readonly<Record<string, string | undefined>>;
}

/** `importer` takes an export of `exporter`: two stacks of one project. */
export interface StackImport {
  readonly importer: string;
  readonly exporter: string;
  /** The name of the export in AWS. */
  readonly export: string;
  /** The output that gives it. */
  readonly output: string;
}

/**
 * Which stacks of a project import what others of it export, by the names in their templates. A template that
 * is not there or cannot be read has none: whoever deploys it says what is wrong with it.
 */
export async function readImports(
  stacks: readonly ImportingStack[],
  region: string | undefined,
): Promise<StackImport[]> {
  const texts = await Promise.all(stacks.map(({ template }) => readFile(template, 'utf8').catch(() => '')));
  if (!texts.some((text) => text.includes('ImportValue'))) return [];
  const wires = stacks.map((stack, i) => wiresIn(stack, texts[i] ?? '', region));
  const exporters = new Map<string, { readonly exporter: string; readonly output: string }>();
  for (const [i, { exports }] of wires.entries())
    for (const { name, output } of exports)
      if (name !== undefined) exporters.set(name, { exporter: stacks[i]?.name ?? '', output });
  return wires.flatMap(({ imports }, i) =>
    imports.flatMap((name) => {
      const found = exporters.get(name);
      return found ? [{ importer: stacks[i]?.name ?? '', export: name, ...found }] : [];
    }),
  );
}

function wiresIn(stack: ImportingStack, text: string, region: string | undefined): Wires {
  if (!/ImportValue|Export/.test(text)) return NONE;
  try {
    const template = readTemplate(stack.template, text);
    const names = new Map([['AWS::StackName', stack.stackName]]);
    if (region) names.set('AWS::Region', region);
    return wiresOf(template, stack.parameters, names);
  } catch (error) {
    if (isInfractlError(error)) return NONE;
    throw error;
  }
}

const NONE: Wires = { exports: [], imports: [] };
