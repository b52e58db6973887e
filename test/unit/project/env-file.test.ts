import { execFileSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSecretFiles } from '../../../src/lib/project/index.ts';
import { failure, folderWith, load } from './folder.ts';

function secretsIn(files: Record<string, string>): string {
  const folder = folderWith(files);
  for (const name of Object.keys(files)) chmodSync(path.join(folder, name), 0o600);
  return folder;
}

const git = (folder: string, ...args: string[]) =>
  execFileSync('git', ['-c', 'init.defaultBranch=main', ...args], { cwd: folder, stdio: 'ignore' });

describe('.env.secrets', () => {
  it('has the syntax of dotenv', async () => {
    const text = `\uFEFF# a comment
PLAIN=one
export EXPORTED=two # a comment
SINGLE='three # no comment'
DOUBLE="four\\nlines"
MULTI="line 1
line 2"
URL=postgres://u:p@h/db?x=1#y
EMPTY=
`.replace('#y', '');
    const { variable, files } = await readSecretFiles(secretsIn({ '.env.secrets': text }), 'dev', {
      env: {},
    });
    const names = ['PLAIN', 'EXPORTED', 'SINGLE', 'DOUBLE', 'MULTI', 'URL', 'EMPTY', 'NONE'];
    expect(names.map(variable)).toEqual([
      'one',
      'two',
      'three # no comment',
      'four\nlines',
      'line 1\nline 2',
      'postgres://u:p@h/db?x=1',
      '',
      undefined,
    ]);
    expect(files).toEqual(['.env.secrets']);
  });

  it.each([
    ['UTF-8 with a mark', (text: string) => Buffer.from(`\uFEFF${text}`)],
    ['UTF-16, as PowerShell writes it', (text: string) => Buffer.from(`\uFEFF${text}`, 'utf16le')],
    ['UTF-16, the other way round', (text: string) => Buffer.from(`\uFEFF${text}`, 'utf16le').swap16()],
  ])('may have been written on Windows: %s', async (_, bytes) => {
    const folder = secretsIn({ '.env.secrets': '' });
    writeFileSync(
      path.join(folder, '.env.secrets'),
      bytes('A=geheim\r\n\r\n# é\r\nB="two é\r\nlines"\r\nC=\r\n'),
    );
    const { variable } = await readSecretFiles(folder, 'dev', { env: {} });
    expect(['A', 'B', 'C'].map(variable)).toEqual(['geheim', 'two é\nlines', '']);
  });

  it('stands below the one of the environment, and both below the real environment', async () => {
    const folder = secretsIn({ '.env.secrets': 'A=1\nB=1\nC=1\n', '.env.secrets.dev': 'B=2\nC=2\n' });
    const { variable } = await readSecretFiles(folder, 'dev', { env: { C: '3' } });
    expect([variable('A'), variable('B'), variable('C')]).toEqual(['1', '2', '3']);
    expect((await readSecretFiles(folder, 'prod', { env: {} })).variable('B')).toBe('1');
  });

  it('may be missing', async () => {
    const { variable, files, warnings } = await readSecretFiles(folderWith({}), 'dev', { env: { A: 'x' } });
    expect([variable('A'), files, warnings]).toEqual(['x', [], []]);
  });

  it.skipIf(process.platform === 'win32')('warns when others can read it', async () => {
    const folder = folderWith({ '.env.secrets': 'A=1\n' });
    chmodSync(path.join(folder, '.env.secrets'), 0o640);
    expect((await readSecretFiles(folder, 'dev')).warnings).toEqual([
      '.env.secrets can be read by other users of this machine. Run: chmod 600 .env.secrets',
    ]);
    chmodSync(path.join(folder, '.env.secrets'), 0o600);
    expect((await readSecretFiles(folder, 'dev')).warnings).toEqual([]);
  });

  it.each(['2', '4'])('warns when git tracks it (index version %s), and not before', async (version) => {
    const folder = secretsIn({ 'sub/.env.secrets': 'A=1\n', 'sub/.env.other': 'A=1\n' });
    const root = path.join(folder, 'sub');
    git(folder, 'init');
    git(folder, 'config', 'index.version', version);
    git(folder, 'add', 'sub/.env.other');
    expect((await readSecretFiles(root, 'dev')).warnings).toEqual([]);
    git(folder, 'add', 'sub/.env.secrets');
    const { warnings } = await readSecretFiles(root, 'dev');
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('git rm --cached .env.secrets');
    expect((await readSecretFiles(root, 'dev', { git: false })).warnings).toEqual([]);
  });

  it('gives its values to the project, and to nothing that is printed', async () => {
    const loaded = await load('project: p\n', {}, { '.env.secrets': 'TOKEN=hunter2\n' });
    expect(loaded.variable('TOKEN')).toBe('hunter2');
    expect(JSON.stringify(loaded)).not.toContain('hunter2');
    const { inspect } = await import('node:util');
    expect(inspect(loaded, { depth: 20, showHidden: true })).not.toContain('hunter2');
    const error = await failure(load('project: 1\n', {}, { '.env.secrets': 'TOKEN=hunter2\n' }));
    expect(error.all).not.toContain('hunter2');
  });
});
