import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withSecrets, withSettings } from '../../../src/lib/blueprints/create.ts';
import {
  type Blueprint,
  createProject,
  findBlueprint,
  type ProjectPlan,
  planProject,
} from '../../../src/lib/blueprints/index.ts';

let folder: string;
let blueprint: Blueprint;
beforeEach(async () => {
  folder = mkdtempSync(path.join(realpathSync(tmpdir()), 'infractl-create-'));
  blueprint = await findBlueprint('auth-manager');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function create(target: string, more: { variant?: string; name?: string; region?: string } = {}) {
  const plan = await planProject({ blueprint, target, ...more });
  await createProject(plan);
  return plan;
}

const everything = (at: string) =>
  readdirSync(at, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(path.join(at, name)).isFile())
    .sort();
const mode = (file: string) => statSync(file).mode & 0o777;

describe('a new project', () => {
  it('holds exactly what was planned, and nothing is left beside it', async () => {
    const target = path.join(folder, 'deep/er/my-auth');
    const plan = await create(target);
    expect(everything(target)).toEqual(plan.files.map((file) => file.path).sort());
    expect(readdirSync(path.dirname(target))).toEqual(['my-auth']);
    const application = path.join(blueprint.folder, 'app/src/app.js');
    expect(readFileSync(path.join(target, 'app/src/app.js'))).toEqual(readFileSync(application));
  });

  it('has its name and region in infractl.yaml, and every other line as it was', async () => {
    const target = path.join(folder, 'my-auth');
    await create(target, { region: 'us-east-1' });
    const written = readFileSync(path.join(target, 'infractl.yaml'), 'utf8').split('\n');
    const original = readFileSync(path.join(blueprint.folder, 'infractl.yaml'), 'utf8').split('\n');
    expect(written).toHaveLength(original.length);
    expect(written.filter((line, i) => line !== original[i])).toEqual([
      'project: my-auth',
      'region: us-east-1',
    ]);
  });

  it('has secrets of its own that only the user can read and git ignores', async () => {
    const [one, two] = [path.join(folder, 'one'), path.join(folder, 'two')];
    await create(one);
    await create(two);
    const secret = (at: string) =>
      /^JWT_SECRET=([A-Za-z0-9_-]{64})$/m.exec(readFileSync(path.join(at, '.env.secrets'), 'utf8'))?.[1];
    expect(secret(one)).toBeDefined();
    expect(secret(one)).not.toBe(secret(two));
    expect(mode(path.join(one, '.env.secrets'))).toBe(0o600);
    execFileSync('git', ['init', '-q'], { cwd: one });
    const tracked = execFileSync('git', ['ls-files', '-o', '--exclude-standard'], {
      cwd: one,
      encoding: 'utf8',
    });
    expect(tracked).toContain('.env.secrets.example\n');
    expect(tracked).not.toContain('.env.secrets\n');
  });

  it('can be read by the user that Lambda runs it as, whatever the umask', async () => {
    const target = path.join(folder, 'my-auth');
    const before = process.umask(0o077);
    try {
      await create(target);
    } finally {
      process.umask(before);
    }
    expect(mode(path.join(target, 'app'))).toBe(0o755);
    expect(mode(path.join(target, 'app/src/main.js'))).toBe(0o644);
    expect(mode(path.join(target, '.env.secrets'))).toBe(0o600);
  });

  it('can be changed although it comes from a read-only installation', async () => {
    const source = path.join(folder, 'blue');
    cpSync(blueprint.folder, source, { recursive: true });
    for (const file of everything(source)) chmodSync(path.join(source, file), 0o444);
    const target = path.join(folder, 'my-auth');
    await createProject(await planProject({ blueprint: { ...blueprint, folder: source }, target }));
    for (const file of everything(target)) expect(mode(path.join(target, file)) & 0o200).toBe(0o200);
  });
});

describe('an empty folder that exists', () => {
  it('is filled and stays the same folder, with the repository in it', async () => {
    mkdirSync(path.join(folder, '.git'));
    writeFileSync(path.join(folder, '.git/HEAD'), 'x');
    const { ino } = statSync(folder);
    const plan = await create(folder);
    expect(statSync(folder).ino).toBe(ino);
    expect(everything(folder)).toEqual(['.git/HEAD', ...plan.files.map((file) => file.path)].sort());
  });
});

describe('a failure leaves nothing behind', () => {
  const broken = (plan: ProjectPlan): ProjectPlan => ({
    ...plan,
    files: [...plan.files, { path: 'z/last.txt', source: path.join(folder, 'no-such-file'), kind: 'copy' }],
  });

  it('in the middle of the files: neither the project nor the folders on the way', async () => {
    const plan = broken(await planProject({ blueprint, target: path.join(folder, 'a/b/my-auth') }));
    await expect(createProject(plan)).rejects.toMatchObject({ code: 'ProjectNotWritten', exit: 1 });
    expect(readdirSync(folder)).toEqual([]);
  });

  it('in a folder that was there: it is there, and empty', async () => {
    const target = path.join(folder, 'mine');
    mkdirSync(target);
    await expect(createProject(broken(await planProject({ blueprint, target })))).rejects.toThrow(target);
    expect(readdirSync(target)).toEqual([]);
  });

  it('when somebody was quicker, what they wrote stays', async () => {
    const target = path.join(folder, 'mine');
    const absent = await planProject({ blueprint, target });
    mkdirSync(target);
    const empty = await planProject({ blueprint, target });
    writeFileSync(path.join(target, 'infractl.yaml'), 'theirs');
    for (const plan of [absent, empty]) {
      await expect(createProject(plan)).rejects.toMatchObject({ why: expect.stringMatching(/meanwhile/) });
      expect(everything(target)).toEqual(['infractl.yaml']);
      expect(readFileSync(path.join(target, 'infractl.yaml'), 'utf8')).toBe('theirs');
    }
    expect(readdirSync(folder)).toEqual(['mine']);
  });

  it('where a part of the path is a file, it says so', async () => {
    writeFileSync(path.join(folder, 'file'), '');
    const plan = await planProject({ blueprint, target: path.join(folder, 'file/my-auth') });
    await expect(createProject(plan)).rejects.toMatchObject({ why: 'A part of the path is a file.' });
  });

  it('a link that leads nowhere is not followed', async () => {
    const target = path.join(folder, 'link');
    symlinkSync(path.join(folder, 'nowhere'), target);
    await expect(createProject(await planProject({ blueprint, target }))).rejects.toMatchObject({
      code: 'ProjectNotWritten',
    });
    expect(existsSync(path.join(folder, 'nowhere'))).toBe(false);
    expect(readdirSync(folder)).toEqual(['link']);
  });
});

describe('settings and secrets', () => {
  const text =
    '# project: x\nproject: old # why\nregion: eu-west-3\nstacks:\n  project: kept\n  region: kept\n';

  it('replace the value at the top of the file alone', () => {
    expect(withSettings(text, { name: 'new', region: undefined })).toBe(text.replace(': old', ': new'));
    expect(withSettings(text, { name: 'new', region: 'us-east-1' })).toBe(
      text.replace(': old', ': new').replace('eu-west-3', 'us-east-1'),
    );
  });

  it('fill the empty line of a key once, whatever the value holds', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9_$&-]{1,20}$/), (secret) => {
        const filled = withSecrets('# A=\nA=\nBA=\nA_B=\n', ['A'], () => secret);
        expect(filled).toBe(`# A=\nA=${secret}\nBA=\nA_B=\n`);
      }),
    );
  });
});

describe('a key pair for the hosts', () => {
  it('is new for every project, opens what its parameter names, and is for its owner alone', async () => {
    blueprint = await findBlueprint('mbot');
    const publicOf = (target: string) => readFileSync(path.join(target, 'ssh/mbot.pub'), 'utf8').trim();
    const targets = ['one', 'two'].map((name) => path.join(folder, name));
    for (const target of targets) await create(target);
    const [one = '', two = ''] = targets;
    expect(publicOf(one)).not.toBe(publicOf(two));
    expect(mode(path.join(one, 'ssh/mbot'))).toBe(0o600);
    expect(readFileSync(path.join(one, 'infractl.yaml'), 'utf8')).toContain(
      `SshPublicKey: ${publicOf(one)}\n`,
    );
    const derived = execFileSync('ssh-keygen', ['-y', '-f', path.join(one, 'ssh/mbot')], {
      encoding: 'utf8',
    });
    expect(derived.trim()).toBe(publicOf(one));
  });
});
