import { isInfractlError } from '../../base/errors.ts';
import { type Side, sideOf } from '../diff/resources.ts';
import { flatInventory } from '../inventory.ts';
import type { StackState } from '../port.ts';
import { readTemplate, type Template } from '../template/template.ts';
import type { StackDeps, StackSpec } from '../types.ts';

/** What a deploy starts from. */
export interface Before {
  readonly state: StackState;
  /** The deployed text. */
  readonly template: string | undefined;
}

/** Tells what a stack is made of before and after an operation; what nested stacks are made of is not told. */
export async function weighChange(
  { weigh }: Pick<StackDeps, 'weigh'>,
  spec: StackSpec,
  wanted: Template,
  before: Before | undefined,
  unknown: readonly string[] = [],
): Promise<void> {
  if (!weigh) return;
  const entries = Object.entries(spec.parameters);
  const secrets = entries.flatMap(([name, { secret }]) => (secret ? [name] : []));
  const open = new Set([...secrets, ...unknown, ...(spec.previous ?? [])]);
  const given = Object.fromEntries(entries.map(([name, { value }]) => [name, value]));
  let then: Side | undefined;
  try {
    then = sideBefore(spec, before, open);
  } catch (error) {
    // AWS took a template that cannot be read here: then nobody knows what the stack costs now.
    if (isInfractlError(error)) return;
    throw error;
  }
  await weigh(spec.part, then && flatInventory(then), flatInventory(sideOf(wanted, given, open)));
}

function sideBefore(
  { templateFile }: StackSpec,
  before: Before | undefined,
  open: ReadonlySet<string>,
): Side | undefined {
  if (before?.template === undefined) return undefined;
  return sideOf(readTemplate(templateFile, before.template), before.state.parameters, open);
}
