import { isSeq } from 'yaml';
import type { TemplateTree } from './yaml.ts';
import { entries, intrinsic, offsetOf, type Position } from './yaml.ts';

/**
 * Where a path of AWS's stands in a template: `/Resources/Bucket/Properties/BucketName`. What AWS names and
 * the text does not have (a value that a function makes, a macro's) is found as near as it is written.
 * Undefined where not even the first step is there.
 */
export function locate({ root, position }: TemplateTree, path: string): Position | undefined {
  const steps = path.split('/').filter(Boolean).map(unescaped);
  let node: unknown = root;
  let offset: number | undefined;
  for (const step of steps) {
    const next = stepInto(node, step);
    if (!next) break;
    ({ node, offset } = next);
  }
  return offset === undefined ? undefined : position(offset);
}

/** JSON pointer's own escapes. */
function unescaped(step: string): string {
  return step.replaceAll('~1', '/').replaceAll('~0', '~');
}

function stepInto(node: unknown, step: string): { node: unknown; offset: number } | undefined {
  const entry = entries(node).find(({ key }) => key === step);
  if (entry) return { node: entry.value, offset: entry.offset };
  if (isSeq(node) && /^\d+$/.test(step)) {
    const item = node.items[Number(step)];
    if (item !== undefined && intrinsic(node) === undefined) return { node: item, offset: offsetOf(item) };
  }
  // Either side of an `Fn::If` may be the one that AWS means: the first that has the step.
  const called = intrinsic(node);
  if (called?.name !== 'Fn::If' || !isSeq(called.argument)) return undefined;
  for (const side of called.argument.items.slice(1, 3)) {
    const found = stepInto(side, step);
    if (found) return found;
  }
  return undefined;
}
