import path from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** From the slowest kind of test to the quickest. */
const FOLDERS = ['host', 'cli', 'integration', 'fake', 'unit'];

const rank = ({ moduleId }: TestSpecification) =>
  FOLDERS.indexOf(path.relative(import.meta.dirname, moduleId).split(path.sep)[0] ?? '');

/**
 * What takes minutes begins first and what takes milliseconds comes last, so that all workers end together.
 * Within a folder it is vitest's own order: by the last run, or by size where there was none.
 */
export class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}
