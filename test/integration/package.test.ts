import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../helpers/cli.ts';

/** The package as `npm pack` makes it, installed as a user installs it: with no network, beside nothing. */

/** The Node that runs this test comes first: an older one of the machine could not run infractl. */
const PATH = `${path.dirname(process.execPath)}${path.delimiter}${process.env.PATH}`;

let folder: string;
let bin: string;
let packed: { filename: string; size: number; files: { path: string }[] };

/** Npm with a home and a cache of its own, and nothing to download from. */
function npm(...args: string[]): string {
  return execFileSync('npm', [...args, '--offline', '--no-audit', '--no-fund'], {
    cwd: root,
    env: { PATH, HOME: folder, npm_config_cache: path.join(folder, 'cache') },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

function infractl(args: string[], cwd = folder) {
  return spawnSync(process.execPath, [bin, ...args], {
    cwd,
    env: { PATH, HOME: folder, NO_COLOR: '1' },
    encoding: 'utf8',
  });
}

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'infractl-package-'));
  // The bundle is there already: the tests run on it.
  const said = JSON.parse(npm('pack', '--ignore-scripts', '--json', '--pack-destination', folder));
  [packed] = Array.isArray(said) ? said : Object.values(said);
  npm('install', '--global', '--prefix', path.join(folder, 'prefix'), path.join(folder, packed.filename));
  bin = path.join(folder, 'prefix/lib/node_modules/infractl/bin/run.js');
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the package', () => {
  it('holds the bundle and what it needs, nothing to install beside it, no source, no test', () => {
    const names = packed.files.map((file) => file.path);
    for (const wanted of [
      'bin/run.js',
      'bin/load.js',
      'bin/pieces.js',
      'dist/bundle.bin',
      'oclif.manifest.json',
      'schema/infractl.schema.json',
      'README.md',
      'LICENSE',
      'docs/configuration.md',
      'dist/infractl.1',
    ])
      expect(names).toContain(wanted);
    expect(names.filter((name) => /^(src|test|scripts|docs\/sessions|node_modules|\.)/.test(name))).toEqual(
      [],
    );
    expect(names.filter((name) => /\.env\.secrets$|__pycache__|\.pyc$/.test(name))).toEqual([]);
    expect(readdirSync(path.join(folder, 'prefix/lib/node_modules'))).toEqual(['infractl']);
    expect(existsSync(path.join(path.dirname(bin), '../node_modules'))).toBe(false);
    expect(packed.size).toBeLessThan(1_500_000);
  });

  it('is on the path as infractl, and runs', () => {
    expect(statSync(path.join(folder, 'prefix/bin/infractl')).mode & 0o111).not.toBe(0);
    expect(infractl(['--version']).stdout).toMatch(/^infractl\/\d+\.\d+\.\d+ /);
    expect(infractl(['--help'])).toMatchObject({ status: 0, stderr: '' });
    expect(infractl(['help', 'configuration']).stdout).toMatch(/^CONFIGURATION\n/);
    expect(readFileSync(path.join(folder, 'prefix/share/man/man1/infractl.1'), 'utf8')).toContain('.SH NAME');
    expect(infractl(['completion', 'bash']).stdout).toContain('complete -F _infractl infractl');
  });

  it('brings its blueprints, its schema and the Python of the sandbox and of hosts', () => {
    for (const blueprint of readdirSync(path.join(root, 'templates'))) {
      expect(infractl(['init', blueprint, `of-${blueprint}`])).toMatchObject({ status: 0 });
      const checked = infractl(['config', 'validate', '--json'], path.join(folder, `of-${blueprint}`));
      expect(JSON.parse(checked.stdout), blueprint).toMatchObject({ valid: true });
    }
    expect(infractl(['sandbox', 'status', '--json']).status).toBe(0);
    const names = packed.files.map((file) => file.path);
    expect(names.some((name) => /^dist\/emulator\/.*\.py$/.test(name))).toBe(true);
    expect(names.some((name) => /^dist\/agent\/.*\.py$/.test(name))).toBe(true);
  });

  it('runs by npx, from the package itself', () => {
    const work = path.join(folder, 'npx');
    mkdirSync(work);
    const said = execFileSync(
      'npm',
      [
        'exec',
        '--offline',
        '--yes',
        '--package',
        path.join(folder, packed.filename),
        '--',
        'infractl',
        '--version',
      ],
      {
        cwd: work,
        env: { PATH, HOME: folder, npm_config_cache: path.join(folder, 'cache') },
        encoding: 'utf8',
      },
    );
    expect(said).toMatch(/^infractl\/\d+\.\d+\.\d+ /);
  });
});

describe('the package in one file', () => {
  let file: string;
  let home: string;
  const run = (args: string[], env: Record<string, string> = { HOME: home }, cwd = home) =>
    spawnSync(process.execPath, [file, ...args], {
      cwd,
      env: { PATH, NO_COLOR: '1', ...env },
      encoding: 'utf8',
    });
  const unpacked = () => path.join(home, '.cache/infractl/single');

  beforeAll(() => {
    home = path.join(folder, 'one');
    mkdirSync(home);
    // In a folder of modules, by a name that says nothing: it is whatever Node takes it for.
    writeFileSync(path.join(home, 'package.json'), '{ "type": "module" }');
    file = path.join(home, 'infractl');
    const said = execFileSync(process.execPath, [path.join(root, 'scripts/single.mjs'), home], {
      env: { PATH, HOME: folder, npm_config_cache: path.join(folder, 'cache') },
      encoding: 'utf8',
    });
    renameSync(said.slice(0, said.lastIndexOf(':')), file);
  });

  it('unpacks itself once, for this user alone, and is the same infractl', () => {
    const first = run(['help', 'topics']);
    expect(first).toMatchObject({ status: 0, stderr: '' });
    expect(first.stdout).toBe(infractl(['help', 'topics']).stdout);
    const [build = ''] = readdirSync(unpacked());
    const made = statSync(path.join(unpacked(), build));
    expect(made.mode & 0o777).toBe(0o700);
    expect(run(['--version']).stdout).toBe(infractl(['--version']).stdout);
    expect(run(['init', 'site', 'web'])).toMatchObject({ status: 0 });
    expect(run(['config', 'validate'], { HOME: home }, path.join(home, 'web'))).toMatchObject({ status: 0 });
    expect(readdirSync(unpacked())).toEqual([build]);
    expect(statSync(path.join(unpacked(), build)).mtimeMs).toBe(made.mtimeMs);
  });

  it('does not run what somebody else could have changed, and says what it needs', () => {
    const [build = ''] = readdirSync(unpacked());
    chmodSync(path.join(unpacked(), build), 0o777);
    expect(run(['help'])).toMatchObject({
      status: 1,
      stdout: '',
      stderr: expect.stringContaining('is not a folder that you alone may write'),
    });
    chmodSync(path.join(unpacked(), build), 0o700);
    expect(run(['help'], {})).toMatchObject({ status: 1, stderr: expect.stringContaining('XDG_CACHE_HOME') });
    writeFileSync(path.join(home, 'a-file'), '');
    expect(run(['help'], { XDG_CACHE_HOME: path.join(home, 'a-file') })).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/could not unpack itself: .+\nName a folder/),
    });
  });
});
