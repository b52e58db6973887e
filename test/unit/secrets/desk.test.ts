import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Interrupted } from '../../../src/lib/base/errors.ts';
import { Redactor } from '../../../src/lib/base/redact.ts';
import { openSecretDesk, type SecretDesk } from '../../../src/lib/desks/index.ts';
import { loadProject } from '../../../src/lib/project/index.ts';
import { BatchReader } from '../../../src/lib/secrets/batch.ts';
import {
  checkValue,
  fieldOf,
  oddLines,
  randomValue,
  textOf,
  withField,
} from '../../../src/lib/secrets/index.ts';
import { type Fake, startFake } from '../../fake/server.ts';
import { sessionFor } from '../../fake/session.ts';

let fake: Fake;
let root: string;
let redactor: Redactor;
beforeEach(async () => {
  fake = await startFake();
  redactor = new Redactor();
  root = mkdtempSync(path.join(tmpdir(), 'infractl-secrets-'));
  writeFileSync(
    path.join(root, 'infractl.yaml'),
    `project: shop
region: eu-west-3
stacks:
  app:
    template: t.yaml
    parameters:
      JwtSecret: { secret: shop/jwt }
      Password: { secret: shop/db, key: password }
      Token: { ssm: /shop/token }
      Url: { env: DATABASE_URL }
`,
  );
  writeFileSync(path.join(root, 't.yaml'), 'Resources: { Topic: { Type: AWS::SNS::Topic } }\n');
});
afterEach(async () => {
  await fake.close();
  rmSync(root, { recursive: true, force: true });
});

async function open(
  variables: Readonly<Record<string, string>> = {},
  signal = new AbortController().signal,
  attempts = 1,
): Promise<SecretDesk> {
  const { project } = await loadProject({ cwd: root, env: {} });
  return openSecretDesk(
    {
      session: () => sessionFor(fake, attempts),
      signal,
      env: { PATH: process.env.PATH, HOME: root, GIT_CONFIG_NOSYSTEM: '1' },
      variable: (name) => variables[name],
      redactor,
    },
    project,
  );
}

const named = (name: string, key?: string) => ({ name, key, store: undefined });
const stored = (name: string) => fake.state.secrets.secrets.get(name);

describe('secrets list', () => {
  it('is ended by credentials that are none, and by Ctrl-C; a secret that may not be read is one of many', async () => {
    fake.faults.add(
      'secretsmanager:*',
      { kind: 'error', code: 'ExpiredTokenException', message: 'The security token is expired', status: 400 },
      { times: 100 },
    );
    await expect((await open()).list()).rejects.toMatchObject({ exit: 4 });
    await expect((await open()).check()).rejects.toMatchObject({ exit: 4 });
    fake.faults.clear();
    await expect((await open({}, AbortSignal.abort(new Interrupted()))).check()).rejects.toMatchObject({
      exit: 130,
    });
    fake.faults.deny('secretsmanager:*');
    const rows = await (await open()).list();
    expect(rows.map(({ state }) => state)).toEqual(['unknown', 'unknown', 'missing', 'missing']);
    expect((await (await open()).check()).unread).toHaveLength(2);
  });

  it('advises the store that was asked', async () => {
    const token = { name: '/shop/other', key: undefined, store: 'ssm' } as const;
    await expect((await open()).get(token)).rejects.toMatchObject({
      suggestions: ['Make it: infractl secrets set /shop/other --store ssm'],
    });
  });

  it('says of each where it is used and whether it is there, and shows no value', async () => {
    fake.state.secrets.secrets.set('shop/db', '{"user":"app"}');
    fake.state.secrets.parameters.set('/shop/token', { value: 'tokenvalue', type: 'SecureString' });
    const rows = await (await open()).list();
    expect(rows.map(({ name, key, state, usedBy }) => [name, key, state, ...usedBy])).toEqual([
      ['shop/jwt', undefined, 'missing', 'stack app JwtSecret'],
      ['shop/db', 'password', 'no such field', 'stack app Password'],
      ['/shop/token', undefined, 'there', 'stack app Token'],
      ['DATABASE_URL', undefined, 'missing', 'stack app Url'],
    ]);
    expect(JSON.stringify(rows)).not.toContain('tokenvalue');
    expect(fake.mutations()).toEqual([]);
  });

  it('one that may not be looked at is unknown; the others are told', async () => {
    fake.faults.deny('secretsmanager:DescribeSecret');
    const rows = await (await open({ DATABASE_URL: 'postgres://x' })).list();
    expect(rows.map(({ state }) => state)).toEqual(['unknown', 'unknown', 'missing', 'there']);
    expect(rows[0]?.why).toContain('secretsmanager:DescribeSecret');
  });
});

describe('failures that are not of one secret', () => {
  it('credentials that have expired are told once, as that; so is Ctrl-C', async () => {
    const expired = { code: 'ExpiredTokenException', message: 'The security token is expired', status: 400 };
    fake.faults.add('secretsmanager:*', { kind: 'error', ...expired }, { times: 4 });
    const desk = await open();
    await expect(desk.list()).rejects.toMatchObject({ code: 'ExpiredToken', exit: 4 });
    await expect(desk.check()).rejects.toMatchObject({ code: 'ExpiredToken', exit: 4 });
    const stopped = new AbortController();
    const watched = await open({}, stopped.signal);
    stopped.abort();
    await expect(watched.list()).rejects.toMatchObject({ code: 'Interrupted' });
    await expect(watched.check()).rejects.toMatchObject({ code: 'Interrupted' });
  });
});

describe('secrets set', () => {
  it('makes it with the tags of the project, changes it, and the same again does nothing', async () => {
    const desk = await open();
    expect(await desk.set(named('shop/jwt'), 'first value')).toMatchObject({
      outcome: 'created',
      store: 'secretsmanager',
      usedBy: ['stack app JwtSecret'],
    });
    expect(fake.state.secrets.tags.get('shop/jwt')).toEqual({
      'infractl:project': 'shop',
      'infractl:environment': 'dev',
    });
    expect(await desk.set(named('shop/jwt'), 'second value')).toMatchObject({ outcome: 'changed' });
    const before = fake.mutations().length;
    expect(await desk.set(named('shop/jwt'), 'second value')).toMatchObject({ outcome: 'unchanged' });
    expect(fake.mutations().length).toBe(before);
    expect(redactor.redact('the second value')).toBe('the [secret]');
  });

  it('keeps it where infractl.yaml says: a parameter', async () => {
    expect(await (await open()).set(named('/shop/token'), 'v')).toMatchObject({
      store: 'ssm',
      outcome: 'created',
    });
    expect(fake.state.secrets.parameters.get('/shop/token')).toEqual({ value: 'v', type: 'SecureString' });
  });

  it('a parameter keeps the key that encrypts it, also when a value is put back', async () => {
    const value = 'the first value';
    fake.state.secrets.parameters.set('/shop/token', { value, type: 'SecureString' });
    fake.state.secrets.parameterHistory.set('/shop/token', [{ value, key: 'alias/shop', at: 0 }]);
    const desk = await open();
    await desk.set(named('/shop/token'), 'the second value');
    await desk.goBack(named('/shop/token'));
    const history = fake.state.secrets.parameterHistory.get('/shop/token') ?? [];
    expect(history.map((one) => [one.value, one.key])).toEqual([
      [value, 'alias/shop'],
      ['the second value', 'alias/shop'],
      [value, 'alias/shop'],
    ]);
  });

  it('changes one field, and leaves the others and what is no JSON alone', async () => {
    fake.state.secrets.secrets.set('shop/db', '{"user":"app","port":5432}');
    const desk = await open();
    await desk.set(named('shop/db', 'password'), 'p w"');
    expect(JSON.parse(String(stored('shop/db')))).toEqual({ user: 'app', port: 5432, password: 'p w"' });
    fake.state.secrets.secrets.set('shop/jwt', 'plain text of a secret');
    const failed = desk.set(named('shop/jwt', 'x'), 'y');
    await expect(failed).rejects.toMatchObject({ code: 'SecretNotJson' });
    await expect(failed).rejects.not.toThrow('plain text');
    expect(stored('shop/jwt')).toBe('plain text of a secret');
  });

  it('refuses what is empty, too long, or bytes, before AWS is asked to keep it', async () => {
    const desk = await open();
    await expect(desk.set(named('shop/jwt'), '')).rejects.toMatchObject({ code: 'EmptySecret' });
    await expect(desk.set(named('shop/jwt'), 'x'.repeat(65_537))).rejects.toMatchObject({
      code: 'SecretTooLong',
    });
    await expect(desk.set(named('/shop/token'), 'x'.repeat(4097))).rejects.toMatchObject({
      code: 'SecretTooLong',
    });
    expect(fake.mutations()).toEqual([]);
    expect(await desk.set(named('shop/jwt'), 'x'.repeat(65_536))).toMatchObject({ outcome: 'created' });
    expect(() => textOf(new Uint8Array([0xff, 0xfe, 0x00]), 'a')).toThrow('bytes');
    expect(() => textOf(Buffer.from('a\0b'), 'a')).toThrow('bytes');
    expect(textOf(Buffer.from('a\nb\r\n'), 'a')).toBe('a\nb');
    expect(textOf(Buffer.from('a\n\n'), 'a')).toBe('a\n');
  });
});

describe('secrets rotate and undo', () => {
  it('a new value, and the one before back; once more undoes that', async () => {
    const desk = await open();
    await desk.set(named('shop/jwt'), 'the old value');
    expect(await desk.rotate(named('shop/jwt'), 40)).toMatchObject({ outcome: 'changed' });
    const rotated = String(stored('shop/jwt'));
    expect(rotated).toMatch(/^[A-Za-z0-9]{40}$/);
    expect(await desk.goBack(named('shop/jwt'))).toMatchObject({ outcome: 'put back' });
    expect(stored('shop/jwt')).toBe('the old value');
    await desk.goBack(named('shop/jwt'));
    expect(stored('shop/jwt')).toBe(rotated);
  });

  it('the same with a parameter, over the pages of its history', async () => {
    const desk = await open();
    for (const value of ['one', 'two', 'three', 'four']) await desk.set(named('/shop/token'), value);
    await desk.goBack(named('/shop/token'));
    expect(fake.state.secrets.parameters.get('/shop/token')?.value).toBe('three');
  });

  it.each(['shop/jwt', '/shop/token'])('of %s, whose answer AWS loses, is done once', async (name) => {
    const desk = await open({}, undefined, 3);
    const value = async () => (await desk.get(named(name))).value;
    for (const action of ['CreateSecret', 'PutSecretValue', 'UpdateSecretVersionStage'])
      fake.faults.lost(`secretsmanager:${action}`);
    // The first makes the parameter: AWS refuses to make it twice.
    fake.faults.lost('ssm:PutParameter', { after: 1 });
    await desk.set(named(name), 'the old value');
    await desk.rotate(named(name), 32);
    const rotated = await value();
    await desk.goBack(named(name));
    expect(await value()).toBe('the old value');
    await desk.goBack(named(name));
    expect(await value()).toBe(rotated);
    expect(fake.requests.some(({ status }) => status !== 200)).toBe(true);
  });

  it('refuses one that renews itself, one that is not there, one with a single value', async () => {
    const desk = await open();
    await expect(desk.rotate(named('shop/jwt'), 32)).rejects.toMatchObject({ code: 'SecretNotFound' });
    await desk.set(named('shop/jwt'), 'the only value');
    await expect(desk.goBack(named('shop/jwt'))).rejects.toMatchObject({ code: 'NoPreviousValue' });
    fake.state.secrets.rotating.add('shop/jwt');
    await expect(desk.rotate(named('shop/jwt'), 32)).rejects.toMatchObject({ code: 'RotatesItself' });
    expect(stored('shop/jwt')).toBe('the only value');
  });
});

describe('secrets import', () => {
  const values = new Map([
    ['JWT_SECRET', 'a jwt secret'],
    ['DB', 'p=q'],
  ]);

  it('fields of one secret beside those that are there; again changes nothing', async () => {
    fake.state.secrets.secrets.set('shop/dev', '{"KEPT":"as it is"}');
    const desk = await open();
    const order = { to: undefined, store: 'secretsmanager', dryRun: false } as const;
    const done = await desk.import(values, order);
    expect(JSON.parse(String(stored('shop/dev')))).toEqual({
      KEPT: 'as it is',
      ...Object.fromEntries(values),
    });
    expect(done.references).toEqual([
      ['JWT_SECRET', '{ secret: shop/dev, key: JWT_SECRET }'],
      ['DB', '{ secret: shop/dev, key: DB }'],
    ]);
    expect((await desk.import(values, order)).changes.map(({ outcome }) => outcome)).toEqual(['unchanged']);
  });

  it('one value that cannot be stored keeps all of them out', async () => {
    const desk = await open();
    const order = { to: undefined, store: 'ssm', dryRun: false } as const;
    const failed = desk.import(new Map([...values, ['NONE', '']]), order);
    await expect(failed).rejects.toMatchObject({ code: 'EmptySecret' });
    expect(fake.mutations()).toEqual([]);
  });

  it('a dry run stores nothing; parameters below a path', async () => {
    const desk = await open();
    await desk.import(values, { to: undefined, store: 'ssm', dryRun: true });
    expect(fake.mutations()).toEqual([]);
    const done = await desk.import(values, { to: '/apps/shop/', store: 'ssm', dryRun: false });
    expect(done.references[1]).toEqual(['DB', '{ ssm: /apps/shop/DB }']);
    expect(fake.state.secrets.parameters.get('/apps/shop/DB')?.value).toBe('p=q');
  });
});

describe('secrets check', () => {
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.com', ...args], {
      cwd: root,
      env: { PATH: process.env.PATH, HOME: root, GIT_CONFIG_NOSYSTEM: '1' },
      stdio: 'pipe',
    });

  it('finds what was committed once and removed, and what others can read; never says the value', async () => {
    const value = 'correct-horse-battery-91';
    fake.state.secrets.secrets.set('shop/jwt', value);
    git('init', '-q');
    mkdirSync(path.join(root, 'deploy'));
    writeFileSync(path.join(root, 'deploy/old.sh'), `export JWT=${value}\n`);
    git('add', '.');
    git('commit', '-qm', 'one');
    git('rm', '-q', 'deploy/old.sh');
    // No branch leads to it any more; a clone of a colleague may.
    git('commit', '-q', '--amend', '--allow-empty', '-m', 'one');
    writeFileSync(path.join(root, 'notes.txt'), `it is ${value}`);
    writeFileSync(path.join(root, '.env.secrets'), `A=${value}`);
    chmodSync(path.join(root, 'notes.txt'), 0o644);
    chmodSync(path.join(root, '.env.secrets'), 0o600);
    const found = await (await open({ DATABASE_URL: 'short' })).check();
    expect(found.leaks).toEqual([
      { secret: 'shop/jwt', where: 'file', path: 'notes.txt' },
      {
        secret: 'shop/jwt',
        where: 'git history',
        path: 'deploy/old.sh',
        object: expect.stringMatching(/^[0-9a-f]{40}$/),
      },
    ]);
    expect(found.searched).toEqual(['shop/jwt']);
    expect(JSON.stringify(found)).not.toContain(value);
  });

  it('a history that git does not show, or has a part of only, is not called clean', async () => {
    fake.state.secrets.secrets.set('shop/jwt', 'correct-horse-battery-91');
    git('init', '-q');
    git('add', '.');
    git('commit', '-qm', 'one');
    expect((await (await open()).check()).notSearched).toEqual([]);
    writeFileSync(path.join(root, '.git/shallow'), git('rev-parse', 'HEAD'));
    expect((await (await open()).check()).notSearched).toEqual([expect.stringContaining('--unshallow')]);
    writeFileSync(path.join(root, '.git/HEAD'), 'nonsense');
    expect((await (await open()).check()).notSearched).toEqual([
      expect.stringMatching(/^the history of git: fatal: .+/),
    ]);
  });

  it('finds a field of a JSON secret, and the one line that a key becomes in JSON', async () => {
    const [password, key] = ['horse-battery-7', 'first line of it\nsecond line of it\n'];
    fake.state.secrets.secrets.set('shop/jwt', JSON.stringify({ username: 'postgres', password }));
    fake.state.secrets.parameters.set('/shop/token', { value: key, type: 'SecureString' });
    writeFileSync(path.join(root, 'notes.txt'), `postgres and ${password}`);
    writeFileSync(path.join(root, 'key.json'), JSON.stringify({ key: key.trimEnd() }));
    const { leaks } = await (await open()).check();
    expect(leaks.map(({ secret, path }) => [secret, path]).sort()).toEqual([
      ['/shop/token', 'key.json'],
      ['shop/jwt password', 'notes.txt'],
    ]);
  });

  it('the secrets of files for every environment too, named in infractl.yaml or not; says what is too short', async () => {
    const [password, word] = ['correct-horse-battery-91', 'another-horse-17'];
    for (const [name, text, mode] of [
      ['.env.secrets', `ATLAS_PASSWORD=${password}\nREGION=eu-west-3-and-more\nPIN_SECRET=1234\n`, 0o600],
      ['.env.secrets.prod', `API_TOKEN=${word}\n`, 0o644],
      ['.env.secrets.example', 'OTHER_PASSWORD=put-yours-here\n', 0o644],
      ['notes.txt', `${password} in eu-west-3-and-more, put-yours-here`, 0o644],
    ] as const) {
      writeFileSync(path.join(root, name), text);
      chmodSync(path.join(root, name), mode);
    }
    const { leaks, searched, tooShort } = await (await open({ DATABASE_URL: password })).check();
    expect(searched).toEqual(['DATABASE_URL', 'API_TOKEN of .env.secrets.prod']);
    expect(tooShort).toEqual(['PIN_SECRET of .env.secrets']);
    expect(leaks.map(({ secret, path }) => [secret, path]).sort()).toEqual([
      ['API_TOKEN of .env.secrets.prod', '.env.secrets.prod'],
      ['DATABASE_URL', 'notes.txt'],
    ]);
  });

  it('what is gone, or another user keeps to himself, ends nothing', async () => {
    fake.state.secrets.secrets.set('shop/jwt', 'correct-horse-battery-91');
    const closed = path.join(root, 'database');
    mkdirSync(closed);
    chmodSync(closed, 0o000);
    symlinkSync(path.join(root, 'nowhere'), path.join(root, 'link'));
    try {
      expect(await (await open()).check()).toMatchObject({ leaks: [], searched: ['shop/jwt'] });
    } finally {
      chmodSync(closed, 0o700);
    }
  });

  it('nothing in a folder that is no repository; what cannot be read is named', async () => {
    fake.state.secrets.secrets.set('shop/jwt', 'correct-horse-battery-91');
    fake.faults.deny('ssm:GetParameter');
    const found = await (await open()).check();
    expect(found).toMatchObject({ leaks: [], searched: ['shop/jwt'], unread: ['/shop/token'] });
  });
});

describe('the pure parts', () => {
  it('a line of a file that holds no value, or a name once more, is told by its number', () => {
    const text = '# a\nA=1\nnothing\nexport A=2\nKEY="one\ntwo\nthree"\n\n  B = c\n';
    const values = ['2', 'one\ntwo\nthree', 'c'];
    expect(oddLines(text, values)).toEqual([
      { line: 3, why: 'is not NAME=value, and left out' },
      { line: 4, why: 'gives A once more; the last value is taken' },
    ]);
  });

  it('what is too long is said to the byte', () => {
    expect(() => checkValue('secretsmanager', 'a', 'x'.repeat(65_536))).not.toThrow();
    expect(() => checkValue('secretsmanager', 'a', 'x'.repeat(65_537))).toThrow(
      'The value has 65,537 bytes, and Secrets Manager takes 65,536 at the most.',
    );
  });

  it('a field that was set is read again, whatever it holds, and no other changes', () => {
    const key = fc.string().filter((name) => name !== '__proto__');
    fc.assert(
      fc.property(fc.dictionary(key, fc.string()), key, fc.string(), (before, name, value) => {
        const after = withField('x', JSON.stringify(before), name, value);
        expect(fieldOf('x', after, name)).toBe(value);
        for (const [other, kept] of Object.entries(before))
          if (other !== name) expect(fieldOf('x', after, other)).toBe(kept);
      }),
    );
  });

  it('random values are of letters and digits, and never twice the same', () => {
    const values = Array.from({ length: 200 }, () => randomValue(32));
    expect(new Set(values).size).toBe(200);
    for (const value of values) expect(value).toMatch(/^[A-Za-z0-9]{32}$/);
    checkValue('ssm', 'a', values[0] ?? '');
  });

  it('what git writes is read alike however it is cut', () => {
    const objects = fc.array(fc.tuple(fc.constantFrom('blob', 'tree'), fc.uint8Array({ maxLength: 40 })));
    fc.assert(
      fc.property(objects, fc.integer({ min: 1, max: 17 }), (list, cut) => {
        const whole = Buffer.concat(
          list.flatMap(([type, content], at) => [
            Buffer.from(`id${at} ${type} ${content.length}\n`),
            content,
            Buffer.from('\nid-x missing\n'),
          ]),
        );
        const seen: [string, string][] = [];
        const reader = new BatchReader(30, (id, content) => seen.push([id, content.toString('hex')]));
        for (let at = 0; at < whole.length; at += cut) reader.write(whole.subarray(at, at + cut));
        const wanted = list.flatMap(([type, content], at) =>
          type === 'blob' && content.length <= 30 ? [[`id${at}`, Buffer.from(content).toString('hex')]] : [],
        );
        expect(seen).toEqual(wanted);
      }),
    );
  });
});
