import { UsageError } from '../base/errors.ts';
import { nearest } from '../base/text.ts';
import { partIds, partsNamed } from '../project/index.ts';
import { isReference, type PartId, type Project, partKey } from '../project/model.ts';

/**
 * The parts that words of the command line mean: `api` is every part of that name, `stack:app` one of them.
 *
 * @throws UsageError `NoSuchPart`
 */
export function chooseParts(project: Project, words: readonly string[]): PartId[] {
  const all = partIds(project);
  return words.flatMap((word) => {
    const found = partsNamed(all, word);
    if (found.length > 0) return found;
    const near = nearest(word, [
      ...all.map(({ name }) => name),
      ...all.map((id) => partKey(id).replace(' ', ':')),
    ]);
    throw new UsageError({
      code: 'NoSuchPart',
      message: `The project ${project.name} has no part "${word}".`,
      suggestions: [
        ...(near ? [`Did you mean: ${near}`] : []),
        `Its parts: ${all.map((id) => partKey(id).replace(' ', ':')).join(', ')}`,
      ],
    });
  });
}

/**
 * Parts with the functions that their stacks hold. What puts a stack back to its template puts the alias of
 * such a function back too, so that the function has to be deployed after it.
 */
export function withTheirFunctions(project: Project, parts: readonly PartId[]): PartId[] {
  const stacks = new Set(parts.filter(({ kind }) => kind === 'stack').map(({ name }) => name));
  const held = [...project.functions.values()].filter(
    ({ functionName: name }) =>
      isReference(name) && 'output' in name && stacks.has(name.output.split('.')[0] ?? ''),
  );
  const known = new Set(parts.map(partKey));
  const more = held.map(({ name }): PartId => ({ kind: 'function', name }));
  return [...parts, ...more.filter((id) => !known.has(partKey(id)))];
}
