// `npm run single`: the whole package in one file, infractl-VERSION.cjs, that runs wherever Node is.
// It is what npm would pack, behind a few lines that unpack it once into the user's cache folder.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { deflateRawSync } from 'node:zlib';
import { pack } from '../bin/pieces.js';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const folder = path.resolve(process.argv[2] ?? root);

const said = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts', '--loglevel=error'], {
  cwd: root,
  encoding: 'utf8',
});
const [{ version, files }] = Object.values(JSON.parse(said));
const content = pack(
  {},
  files.map(({ path: name }) => {
    const file = path.join(root, name);
    const deflated = deflateRawSync(readFileSync(file), { level: 9 });
    return [name, deflated, statSync(file).mode & 0o111 ? 0o755 : 0o644];
  }),
);
const build = createHash('sha256').update(content).digest('hex').slice(0, 16);
const start = readFileSync(path.join(root, 'scripts/single-start.cjs'), 'utf8');
const target = path.join(folder, `infractl-${version}.cjs`);
writeFileSync(
  target,
  `#!/usr/bin/env node\n${start.replace("'BUILD'", `'${build}'`)}/*${content.toString('base64')}*/\n`,
);
chmodSync(target, 0o755);
process.stdout.write(`${target}: ${(statSync(target).size / 1e6).toFixed(2)} MB\n`);
