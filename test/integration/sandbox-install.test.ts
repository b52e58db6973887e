import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sandboxStatus, startSandbox, stopSandbox } from '../../src/lib/sandbox/index.ts';
import { ensureInstalled, venvName } from '../../src/lib/sandbox/install.ts';
import { MINISTACK_VERSION } from '../../src/lib/sandbox/launch.ts';
import { emulatorFolder, sandboxPaths } from '../../src/lib/sandbox/paths.ts';
import { findPython } from '../../src/lib/sandbox/python.ts';
import { root } from '../helpers/cli.ts';
import { TestSandbox } from '../helpers/sandbox.ts';

/** The installation: pinned, and clear about what went wrong. */

const requirements = readFileSync(join(emulatorFolder(), 'requirements.txt'), 'utf8');

describe('the list of packages', () => {
  it('pins every package to one version and its files to their hashes', () => {
    const entries = requirements.split(/\n(?=\S)/).filter((entry) => entry.trim() !== '');
    expect(entries.length).toBeGreaterThan(25);
    for (const entry of entries)
      expect(entry).toMatch(/^[a-z0-9-]+==[\w.]+( ; [^\n]+)? \\\n(\s+--hash=sha256:[0-9a-f]{64}( \\)?\n?)+$/);
    expect(requirements).toContain(`\nministack==${MINISTACK_VERSION} \\`);
    expect(requirements).toMatch(/^aws-sam-translator==/m);
    expect(requirements).not.toMatch(/https?:|--index|--find-links/);
  });

  it('has what MiniStack and every other package of it asks for', async () => {
    const sandbox = await new TestSandbox().prepare();
    try {
      const python = join(sandbox.paths.root, await venvName(), 'bin', 'python');
      execFileSync(python, ['-m', 'pip', 'check'], { stdio: 'pipe' });
    } finally {
      await sandbox.remove();
    }
  }, 600_000);
});

describe('MiniStack', () => {
  it('is inside what our extensions were written for', async () => {
    const sandbox = await new TestSandbox().prepare();
    try {
      const python = join(sandbox.paths.root, await venvName(), 'bin', 'python');
      const said = execFileSync(python, [join(import.meta.dirname, 'sandbox-contract.py')], {
        encoding: 'utf8',
        env: { PATH: process.env.PATH, PYTHONDONTWRITEBYTECODE: '1', LOG_LEVEL: 'ERROR' },
      });
      expect(JSON.parse(said.trim().split('\n').at(-1) ?? '')).toMatchSnapshot();
      const pinned = readFileSync(join(emulatorFolder(), 'infractl_sandbox', '__init__.py'), 'utf8');
      expect(pinned).toContain(`MINISTACK_VERSION = "${MINISTACK_VERSION}"`);
    } finally {
      await sandbox.remove();
    }
  }, 600_000);
});

/** Is this a machine (and a user) on which a small disk can be made? */
function canMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'infractl-mount-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', folder], { stdio: 'ignore' });
    execFileSync('umount', [folder], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe.skipIf(!canMount())('on a full disk', () => {
  const sandbox = new TestSandbox();
  const filler = join(sandbox.folder, 'filler');
  const fill = () => {
    const bytes = Buffer.alloc(64 * 1024);
    for (let size = bytes.length; size >= 1; size = Math.floor(size / 2)) {
      try {
        for (;;) writeFileSync(filler, bytes.subarray(0, size), { flag: 'a' });
      } catch {
        // Full for this size: the rest is filled in smaller pieces.
      }
    }
  };
  beforeAll(() => {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'none', sandbox.folder]);
  });
  afterAll(async () => {
    rmSync(filler, { force: true });
    await stopSandbox({ env: sandbox.env, delete: true });
    execFileSync('umount', ['--lazy', sandbox.folder]);
    rmSync(sandbox.folder, { recursive: true, force: true });
  });

  it('says so when it cannot start', async () => {
    await sandbox.prepare();
    fill();
    await expect(startSandbox({ env: sandbox.env })).rejects.toMatchObject({ code: 'DiskFull' });
    rmSync(filler);
  }, 600_000);

  it('is not stopped where nothing can be saved, says so where not all can be, and can be deleted', async () => {
    const ssm = new SSMClient({ ...(await sandbox.start()), region: 'eu-west-3' });
    const Value = 'x'.repeat(4000);
    for (const Name of ['/1', '/2', '/3', '/4', '/5', '/6', '/7', '/8']) {
      await ssm.send(new PutParameterCommand({ Name, Value, Type: 'String' }));
    }
    fill();
    await expect(stopSandbox({ env: sandbox.env })).rejects.toMatchObject({ code: 'DiskFull' });
    expect((await sandboxStatus(sandbox.env)).state).toBe('running');

    truncateSync(filler, statSync(filler).size - 16 * 1024);
    await expect(stopSandbox({ env: sandbox.env })).rejects.toMatchObject({ code: 'SandboxStateLost' });

    rmSync(filler);
    await sandbox.start();
    fill();
    expect(await stopSandbox({ env: sandbox.env, delete: true })).toMatchObject({ deleted: true });
  });

  it('takes no folder where a file is', async () => {
    rmSync(filler, { force: true });
    writeFileSync(join(sandbox.folder, 'file'), '');
    const env = { ...sandbox.env, XDG_DATA_HOME: join(sandbox.folder, 'file') };
    await expect(startSandbox({ env })).rejects.toMatchObject({ code: 'SandboxFolder' });
  });
});

describe('an installation that cannot be', () => {
  let folder: string;
  let env: NodeJS.ProcessEnv;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'infractl-install-'));
    env = { HOME: folder, PATH: join(folder, 'bin'), XDG_DATA_HOME: join(folder, 'data') };
    mkdirSync(join(folder, 'bin'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const program = (name: string, script: string) => {
    writeFileSync(join(folder, 'bin', name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, 'bin', name), 0o755);
  };
  /** A Python whose `-m venv` makes a folder with a Python whose `-m pip` does as told. */
  const fakePython = (pip: string) => {
    program(
      'python3',
      `PATH=/usr/bin:/bin
case "$*" in
  *sys.version_info*) echo 3.11.2 ;;
  "-m venv "*) mkdir -p "$3/bin"; cp "$0" "$3/bin/python" ;;
  "-m pip "*) ${pip} ;;
  *) exit 1 ;;
esac`,
    );
  };
  const left = () => readdirSync(sandboxPaths(env).root).filter((name) => name.startsWith('venv'));

  it('says what to install when there is neither Python nor uv', async () => {
    await expect(startSandbox({ env })).rejects.toMatchObject({
      code: 'PythonMissing',
      suggestions: expect.arrayContaining([expect.stringContaining('apt-get install python3')]),
    });
  });

  it("names Debian's package when Python comes without venv", async () => {
    program(
      'python3',
      `case "$*" in *sys.version_info*) echo 3.11.2;; *) echo "The virtual environment was not created successfully because ensurepip is not available."; exit 1;; esac`,
    );
    await expect(startSandbox({ env })).rejects.toMatchObject({
      code: 'PythonVenvMissing',
      suggestions: expect.arrayContaining([expect.stringContaining('apt-get install python3.11-venv')]),
    });
    expect(left()).toEqual([]);
  });

  it.each([
    ['NoNetwork', 'NewConnectionError: Temporary failure in name resolution'],
    ['DiskFull', 'ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device'],
    ['HashMismatch', 'ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.'],
  ])('%s: says so in a sentence, with the last lines, and leaves nothing', async (code, line) => {
    fakePython(`echo "${line}" >&2; exit 1`);
    await expect(startSandbox({ env })).rejects.toMatchObject({ code, why: expect.stringContaining(line) });
    expect(left()).toEqual([]);
  });

  it('is refused by pip itself where a file is not the one that is pinned', async () => {
    const system = await findPython(process.env);
    const wheels = join(folder, 'wheels');
    mkdirSync(wheels);
    // A wheel of the right name with other bytes.
    writeFileSync(join(wheels, 'annotated_types-0.8.0-py3-none-any.whl'), 'not the one');
    const own = { ...process.env, ...env, PATH: process.env.PATH, INFRACTL_PYTHON: system?.command };
    const pip = { PIP_NO_INDEX: '1', PIP_FIND_LINKS: wheels, PIP_CONFIG_FILE: '/dev/null' };
    const paths = sandboxPaths(own);
    mkdirSync(paths.root, { recursive: true });
    await expect(ensureInstalled({ paths, env: { ...own, ...pip } })).rejects.toMatchObject({
      code: 'HashMismatch',
    });
    expect(left()).toEqual([]);
  });

  it('that was killed half-way is made again', async () => {
    fakePython('sleep 600');
    const script = `const { startSandbox } = await import(${JSON.stringify(join(root, 'src/lib/sandbox/index.ts'))});
      await startSandbox();`;
    const options = { env, extendEnv: false, reject: false };
    const child = execa(process.execPath, ['--input-type=module', '-e', script], options);
    const { root: folder } = sandboxPaths(env);
    const halves = () =>
      (existsSync(folder) ? left() : []).filter((name) => existsSync(join(folder, name, 'bin', 'python')));
    await expect.poll(halves).toHaveLength(1);
    await sleep(100);
    child.kill('SIGKILL');
    await child;
    expect(left()).toHaveLength(1);
    expect(left()).not.toContain(await venvName());
    // The next one passes over the dead lock, does not trust the folder, and asks pip again.
    fakePython('echo "asked again"; exit 1');
    await expect(startSandbox({ env })).rejects.toMatchObject({ why: 'asked again' });
    expect(left()).toEqual([]);
  });

  it('prefers uv, with hashes required', async () => {
    const log = join(folder, 'asked');
    program(
      'uv',
      `PATH=/usr/bin:/bin; echo "$@" >> ${log}; case "$1" in --version) ;; venv) ;; *) echo "uv said no"; exit 2;; esac`,
    );
    await expect(startSandbox({ env })).rejects.toMatchObject({ code: 'InstallFailed', why: 'uv said no' });
    const asked = readFileSync(log, 'utf8');
    expect(asked).toMatch(/^venv .*--python >=3\.10/m);
    expect(asked).toMatch(/^pip install .*--require-hashes --requirement .*requirements\.txt$/m);
  });

  it("leaves the work to pip where pip has the user's settings, which uv does not read", async () => {
    const log = join(folder, 'asked');
    program('uv', `echo "$@" >> ${log}`);
    fakePython('echo "pip said no"; exit 1');
    const own = {
      ...env,
      PIP_INDEX_URL: 'https://packages.example.org/simple',
      PATH: `${env.PATH}${delimiter}/nowhere`,
    };
    await expect(startSandbox({ env: own })).rejects.toMatchObject({ why: 'pip said no' });
    expect(readFileSync(log, 'utf8')).toBe('--version\n');
  });
});
