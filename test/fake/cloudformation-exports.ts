import { scopeOf } from './cloudformation-changes.ts';
import type { FakeStack } from './cloudformation-state.ts';
import type { Engine } from './cloudformation-steps.ts';
import { resolve } from './cloudformation-template.ts';
import { type Parameters, page, validationError } from './wire.ts';

interface Here {
  readonly engine: Engine;
  readonly region: string;
}

/** Stacks that import an export. */
export function importers({ cf }: Engine, name: string): FakeStack[] {
  return cf.stacks.filter((stack) => {
    if (stack.status === 'DELETE_COMPLETE') return false;
    const imported = JSON.stringify(stack.desired.template.Resources).matchAll(
      /"Fn::ImportValue":("[^"]*"|\{[^}]*\})/g,
    );
    const scope = scopeOf(cf, stack, stack.desired);
    return [...imported].some(([, value = '""']) => resolve(JSON.parse(value), scope) === name);
  });
}

/** Why a stack cannot have these outputs: another one exports the name, or somebody imports what would change. */
export function exportTrouble(
  engine: Engine,
  stack: FakeStack,
  outputs: FakeStack['outputs'],
): string | undefined {
  const all = engine.cf.exports(stack.region);
  for (const { ExportName: name } of outputs) {
    const owner = name ? all.get(name)?.stack : undefined;
    if (owner && owner !== stack)
      return `Export with name ${name} is already exported by stack ${owner.name}.`;
  }
  for (const { ExportName: name, OutputValue } of stack.outputs) {
    const after = outputs.find((one) => one.ExportName === name);
    if (!name || after?.OutputValue === OutputValue) continue;
    const user = importers(engine, name).find((other) => other !== stack);
    if (user)
      return `Export ${name} cannot be ${after ? 'updated' : 'deleted'} as it is in use by ${user.name}`;
  }
  return undefined;
}

/** Looking at exports and who imports them. */
export const EXPORT_HANDLERS: Readonly<Record<string, (p: Parameters, here: Here) => object>> = {
  ListExports(p, here) {
    const all = [...here.engine.cf.exports(here.region)];
    const { items, next } = page(all, p.NextToken, here.engine.cf.pageSize);
    return {
      Exports: items.map(([name, { value, stack }]) => ({
        Name: name,
        Value: value,
        ExportingStackId: stack.id,
      })),
      NextToken: next,
    };
  },
  ListImports(p, here) {
    const names = importers(here.engine, String(p.ExportName)).map(({ name }) => name);
    if (names.length === 0) throw validationError(`Export '${p.ExportName}' is not imported by any stack.`);
    const { items, next } = page(names, p.NextToken, here.engine.cf.pageSize);
    return { Imports: items, NextToken: next };
  },
};
