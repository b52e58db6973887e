import { UsageError } from '../base/errors.ts';
import { nearest } from '../base/text.ts';
import { partIds, partsNamed } from '../project/index.ts';
import { type PartId, type Project, partKey } from '../project/model.ts';

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
