import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { pages } from '../../../scripts/docs/build.ts';
import { loadProject } from '../../../src/lib/project/index.ts';
import { ConfigurationError } from '../../../src/lib/project/problems.ts';
import { root } from '../../helpers/cli.ts';

/** What the README and the guides give for `infractl.yaml` is what infractl takes. */

const SECTIONS =
  /^(project|region|environments|stacks|images|functions|sites|checks|hosts|releases|backups|costs):/m;

const LEFT_OUT = /refers to the \w+ .* which is not there/;

const samples = pages().flatMap((page) =>
  [...readFileSync(path.join(root, page), 'utf8').matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].flatMap(
    ([, text = '']) => (SECTIONS.test(text) ? [{ page, text, begins: text.split('\n', 2).join(' ') }] : []),
  ),
);

/** What is wrong with it, beside that it refers to parts which a sample leaves out. */
async function faultsOf(text: string): Promise<string[]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'infractl-sample-'));
  try {
    const file = path.join(folder, 'infractl.yaml');
    writeFileSync(file, /^project:/m.test(text) ? text : `project: sample\n${text}`);
    await loadProject({ cwd: folder, file, env: {}, checkFiles: false, git: false });
    return [];
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return error.problems.map(({ message }) => message).filter((message) => !LEFT_OUT.test(message));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('the samples of infractl.yaml', () => {
  it.each(samples)('are right: $page, $begins', async ({ text }) => {
    expect(await faultsOf(text)).toEqual([]);
  });

  it('are many, and a wrong one is found', async () => {
    expect(samples.length).toBeGreaterThan(8);
    const wrong = 'backups:\n  nightly: { targets: [{ database: shop }], before: [sync] }\n';
    expect(await faultsOf(wrong)).toHaveLength(1);
  });
});
