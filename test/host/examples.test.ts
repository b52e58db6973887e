import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ManifestCommand, root } from '../helpers/cli.ts';
import { noHost, useHost } from '../helpers/host.ts';
import { CERTBOT, Released } from '../helpers/released.ts';

/** The examples of the commands that need a host, typed as they are printed. */

const manifest = JSON.parse(readFileSync(path.join(root, 'oclif.manifest.json'), 'utf8')) as {
  commands: Record<string, ManifestCommand>;
};

const EXAMPLES = Object.values(manifest.commands)
  .filter(({ id }) => /^(host|https|redeploy)(:|$)/.test(id))
  .flatMap(({ id, examples = [] }) =>
    examples.map((example) =>
      (typeof example === 'string' ? example : example.command)
        .replaceAll('<%= config.bin %>', 'infractl')
        .replaceAll('<%= command.id %>', id.replaceAll(':', ' ')),
    ),
  );

describe.skipIf(noHost)('examples on a host', () => {
  const used = useHost();
  let app: Released;
  beforeAll(async () => {
    app = new Released(used.host).prepare();
    app.configure({ start: 'python3 app.py', nginx: { host: 'mbot.example.com' } });
    used.host.write('/usr/bin/certbot', CERTBOT, '755');
    for (const build of ['one', 'two']) {
      app.commit(build);
      expect((await app.redeploy()).code).toBe(0);
    }
  });
  afterAll(() => app?.remove());

  it.each(EXAMPLES)('%s', async (example) => {
    // A name of the reader's own release is that of one of ours.
    const typed = example.replace('20261121T140211Z', app.releases[0] ?? '');
    const result = await app.run(typed.split(' ').slice(1));
    if (example === 'infractl host ssh') {
      expect(result).toMatchObject({ code: 2, stdout: '' });
      return;
    }
    expect(result.stderr + result.stdout).not.toContain('✗');
    expect(result.code).toBe(0);
  });
});
