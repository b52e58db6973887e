import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Home, type ManifestCommand, root } from '../helpers/cli.ts';
import { noHost, useHost } from '../helpers/host.ts';

/** The examples of the commands that need a host, typed as they are printed. */

const manifest = JSON.parse(readFileSync(path.join(root, 'oclif.manifest.json'), 'utf8')) as {
  commands: Record<string, ManifestCommand>;
};

const EXAMPLES = Object.values(manifest.commands)
  .filter(({ id }) => id.startsWith('host:'))
  .flatMap(({ id, examples = [] }) =>
    examples.map((example) =>
      (typeof example === 'string' ? example : example.command)
        .replaceAll('<%= config.bin %>', 'infractl')
        .replaceAll('<%= command.id %>', id.replaceAll(':', ' ')),
    ),
  );

describe.skipIf(noHost)('examples on a host', () => {
  const used = useHost();
  let home: Home;
  beforeAll(() => {
    home = new Home();
    const { address } = used.host;
    writeFileSync(
      path.join(home.work, 'infractl.yaml'),
      `project: shop\nhosts:\n  web: { address: ${address}, services: [nginx, cron] }\n`,
    );
  });
  afterAll(() => home?.remove());

  it.each(EXAMPLES)('%s', async (example) => {
    const result = await home.run(example.split(' ').slice(1), { env: { PATH: used.host.path } });
    if (example === 'infractl host ssh') {
      expect(result).toMatchObject({ code: 2, stdout: '' });
      return;
    }
    expect(result.stderr + result.stdout).not.toContain('✗');
    expect(result.code).toBe(0);
  });
});
