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
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Clock } from '../../../src/lib/base/clock.ts';
import { contentHash, contentTag, readContent } from '../../../src/lib/images/content.ts';
import type { ContextEntry } from '../../../src/lib/images/context.ts';
import { parseRepository } from '../../../src/lib/images/spec.ts';
import type { ImageSpec } from '../../../src/lib/images/types.ts';

const entry = fc.record({
  path: fc.string({ minLength: 1 }),
  kind: fc.constantFrom('file' as const, 'folder' as const, 'link' as const),
  executable: fc.boolean(),
  content: fc.string(),
});
const entries = fc.uniqueArray(entry, { selector: ({ path }) => path, maxLength: 12 });
const bare = { platform: 'linux/amd64', args: [], secrets: [] };

describe('the hash of what decides an image', () => {
  test('does not depend on the order of the files', () => {
    fc.assert(
      fc.property(
        entries.chain((all) =>
          fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
        ),
        ([some, others]) => contentHash(bare, 'd', some) === contentHash(bare, 'd', others),
      ),
    );
  });

  test('changes with every path, kind, mode and content', () => {
    const changes: ((one: ContextEntry) => ContextEntry)[] = [
      (one) => ({ ...one, path: `${one.path}x` }),
      (one) => ({ ...one, kind: one.kind === 'file' ? 'link' : 'file' }),
      (one) => ({ ...one, executable: !one.executable }),
      (one) => ({ ...one, content: `${one.content}x` }),
    ];
    fc.assert(
      fc.property(entries, fc.nat(), fc.constantFrom(...changes), (all, at, change) => {
        fc.pre(all.length > 0);
        const index = at % all.length;
        const changed = all.map((one, i) => (i === index ? change(one) : one));
        return contentHash(bare, 'd', all) !== contentHash(bare, 'd', changed);
      }),
    );
  });

  test('different lists of files never share one', () => {
    fc.assert(
      fc.property(entries, entries, (some, others) => {
        const key = (all: ContextEntry[]) =>
          JSON.stringify([...all].sort((a, b) => (a.path < b.path ? -1 : 1)));
        return (
          (key(some) === key(others)) === (contentHash(bare, 'd', some) === contentHash(bare, 'd', others))
        );
      }),
    );
  });

  test('covers platform, target, arguments, ids of secrets and the Dockerfile, but no secret', () => {
    const hashes = [
      contentHash(bare, 'd', []),
      contentHash(bare, 'e', []),
      contentHash({ ...bare, platform: 'linux/arm64' }, 'd', []),
      contentHash({ ...bare, target: 'x' }, 'd', []),
      contentHash({ ...bare, args: [{ name: 'A', value: '1', hidden: false, secret: false }] }, 'd', []),
      contentHash({ ...bare, args: [{ name: 'A', value: '2', hidden: false, secret: false }] }, 'd', []),
      contentHash({ ...bare, secrets: [{ id: 's', value: 'one' }] }, 'd', []),
    ];
    expect(new Set(hashes).size).toBe(hashes.length);
    expect(contentHash({ ...bare, secrets: [{ id: 's', value: 'two' }] }, 'd', [])).toBe(hashes.at(-1));
    expect(contentTag('0123456789abcdef0123456789')).toBe('content-0123456789abcdef0123');
  });
});

describe('a context on disk', () => {
  let root: string;
  let spec: ImageSpec;
  let env: NodeJS.ProcessEnv;
  /** Far enough ahead that files just written count as old. */
  const later: Clock = { now: () => Date.now() + 60_000, sleep: async () => {} };
  const now: Clock = { now: () => Date.now(), sleep: async () => {} };

  function put(path: string, text: string): void {
    mkdirSync(dirname(join(root, 'app', path)), { recursive: true });
    writeFileSync(join(root, 'app', path), text);
  }
  const hashOf = async (clock = now, from = spec) => (await readContent(from, env, clock)).hash;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'infractl-context-'));
    env = { HOME: root, XDG_CACHE_HOME: join(root, 'cache') };
    put('Dockerfile', 'FROM scratch\n');
    put('src/a.js', 'a');
    put('src/b.js', 'b');
    spec = {
      part: 'image api',
      name: 'api',
      repository: parseRepository('127.0.0.1:5000/api'),
      context: join(root, 'app'),
      dockerfile: join(root, 'app/Dockerfile'),
      ...bare,
    };
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  test('changes count, ignored files do not', async () => {
    put('.dockerignore', 'logs\n');
    const first = await hashOf();
    expect(await hashOf()).toBe(first);
    put('logs/today', 'x');
    expect(await hashOf()).toBe(first);
    utimesSync(join(root, 'app/src/a.js'), 1, 1);
    expect(await hashOf()).toBe(first);

    const seen = new Set([first]);
    const changed = async () => {
      const hash = await hashOf();
      expect(seen.has(hash)).toBe(false);
      seen.add(hash);
    };
    put('src/a.js', 'A');
    await changed();
    chmodSync(join(root, 'app/src/a.js'), 0o755);
    await changed();
    renameSync(join(root, 'app/src/a.js'), join(root, 'app/src/c.js'));
    await changed();
    symlinkSync('c.js', join(root, 'app/src/link'));
    await changed();
    mkdirSync(join(root, 'app/empty'));
    await changed();
    put('.dockerignore', 'src/b.js\nlogs\n');
    await changed();
  });

  test("the Dockerfile's own ignore file goes before the context's", async () => {
    put('.dockerignore', 'src\n');
    const first = await hashOf();
    put('src/a.js', 'changed');
    expect(await hashOf()).toBe(first);
    put('Dockerfile.dockerignore', 'nothing\n');
    const second = await hashOf();
    put('src/a.js', 'changed again');
    expect(await hashOf()).not.toBe(second);
  });

  test('a Dockerfile outside of the context counts', async () => {
    const outside = { ...spec, dockerfile: join(root, 'Other') };
    writeFileSync(join(root, 'Other'), 'FROM a');
    const first = await hashOf(now, outside);
    writeFileSync(join(root, 'Other'), 'FROM b');
    expect(await hashOf(now, outside)).not.toBe(first);
  });

  test('large files are hashed by their bytes too', async () => {
    const large = Buffer.alloc(3 * 1024 * 1024, 1);
    writeFileSync(join(root, 'app/large'), large);
    const first = await hashOf();
    large[large.length - 1] = 2;
    writeFileSync(join(root, 'app/large'), large);
    expect(await hashOf()).not.toBe(first);
  });

  test('a file that was just written is not trusted', async () => {
    await hashOf(now);
    expect(existsSync(join(root, 'cache/infractl/images'))).toBe(false);
  });

  test('known files are not read again, and one that changed is', async () => {
    const first = await hashOf(later);
    const folder = join(root, 'cache/infractl/images');
    const file = join(folder, readdirSync(folder)[0] ?? '');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const kept = JSON.parse(readFileSync(file, 'utf8'));
    expect(kept.files.map(([path]: [string]) => path).sort()).toEqual(['Dockerfile', 'src/a.js', 'src/b.js']);
    // A hash that is a lie in the cache shows whether the file itself was read.
    for (const each of kept.files) if (each[0] === 'src/a.js') each[1][4] = 'f'.repeat(64);
    writeFileSync(file, JSON.stringify(kept));
    expect(await hashOf(later)).not.toBe(first);
    // The same size and the same modification time: the change time gives it away.
    const { atime, mtime } = statSync(join(root, 'app/src/a.js'));
    put('src/a.js', 'a');
    utimesSync(join(root, 'app/src/a.js'), atime, mtime);
    expect(await hashOf(later)).toBe(first);
  });

  test.each(['', '{', '[]', '{"format":99,"files":[["src/a.js",[1,1,1,1,"x"]]]}'])(
    'a cache that says %j is none',
    async (text) => {
      const first = await hashOf(later);
      const folder = join(root, 'cache/infractl/images');
      writeFileSync(join(folder, readdirSync(folder)[0] ?? ''), text);
      expect(await hashOf(later)).toBe(first);
    },
  );

  test('a cache folder that cannot be made does no harm', async () => {
    const first = await hashOf();
    writeFileSync(join(root, 'file'), '');
    env = { HOME: root, XDG_CACHE_HOME: join(root, 'file') };
    expect(await hashOf()).toBe(first);
  });

  test('what is better kept out is named', async () => {
    put('.env.secrets', 'A=b');
    put('.git/HEAD', 'x');
    put('sub/.env.secrets', 'x');
    expect([...(await readContent(spec, env, now)).unwanted].sort()).toEqual(['.env.secrets', '.git']);
  });

  test('a missing context, a missing Dockerfile', async () => {
    await expect(hashOf(now, { ...spec, context: join(root, 'no') })).rejects.toMatchObject({
      code: 'ContextNotFound',
      exit: 2,
      message: expect.stringContaining(join(root, 'no')),
    });
    await expect(hashOf(now, { ...spec, dockerfile: join(root, 'no') })).rejects.toMatchObject({
      code: 'DockerfileNotFound',
      exit: 2,
    });
  });

  test('stops when it is told to', async () => {
    for (let i = 0; i < 3000; i++) put(`many/${i}`, 'x'.repeat(2000));
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 5);
    await expect(readContent(spec, env, now, controller.signal)).rejects.toMatchObject({ exit: 130 });
  });
});
