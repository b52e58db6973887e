import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CTRL_C, ENTER, Pty } from '../helpers/pty.ts';
import { Scene } from '../helpers/trouble.ts';

/** `secrets` as it is typed. No value that goes in comes out anywhere but where it was asked for. */

let scene: Scene;
const VALUE = 'kept-value-3f9c1d77';
beforeEach(async () => {
  scene = await Scene.open({
    parameters: '      JwtSecret: { secret: auth-manager/jwt }\n      DatabaseUrl: { env: DATABASE_URL }\n',
  });
});
afterEach(() => scene.close());

async function run(args: string[], input?: string) {
  const result = await scene.run(['secrets', ...args], input === undefined ? {} : { input });
  expect(result.stdout + result.stderr).not.toContain(VALUE);
  return result;
}

const json = async (args: string[], input?: string) =>
  JSON.parse((await run([...args, '--json'], input)).stdout);
const current = (name: string) => scene.fake.state.secrets.secrets.get(name);

describe('secrets', () => {
  it('set, get, rotate, undo, list: what each says', async () => {
    const made = await run(['set', 'auth-manager/jwt'], `${VALUE}\n`);
    expect(made).toMatchObject({ code: 0 });
    expect(made.stdout).toContain('Stored: auth-manager/jwt, in Secrets Manager.');
    expect(made.stdout).toContain('Used by stack app JwtSecret, from the next deploy on');
    expect(current('auth-manager/jwt')).toBe(VALUE);
    expect(await json(['get', 'auth-manager/jwt'])).toMatchObject({ characters: VALUE.length });
    const rotated = await run(['rotate', 'auth-manager/jwt', '--yes']);
    expect(rotated.stdout).toContain('The value before is kept: infractl secrets undo auth-manager/jwt');
    expect(current('auth-manager/jwt')).not.toBe(VALUE);
    expect(await json(['undo', 'auth-manager/jwt', '--yes'])).toMatchObject({ outcome: 'put back' });
    expect(current('auth-manager/jwt')).toBe(VALUE);
    const rows = await json(['list']);
    expect(rows).toMatchObject([{ name: 'auth-manager/jwt', state: 'there' }, { name: 'DATABASE_URL' }]);
  });

  it('import and its dry run; check; one field', async () => {
    expect((await run(['import', '.env.secrets', '--dry-run'])).stdout).toContain('Would store 2 values');
    expect(scene.fake.mutations()).toEqual([]);
    const done = await run(['import', '.env.secrets']);
    expect(done.stdout).toContain('{ secret: shop/dev, key: JWT_SECRET }');
    expect(Object.keys(JSON.parse(String(current('shop/dev')))).sort()).toEqual([
      'DATABASE_URL',
      'JWT_SECRET',
    ]);
    await run(['set', 'shop/dev', '--key', 'password'], VALUE);
    expect(JSON.parse(String(current('shop/dev')))).toMatchObject({ password: VALUE });
    expect(await json(['check'])).toMatchObject({ leaks: [], unread: [] });
  });

  it('a value is shown on a terminal only, and only with --show', async () => {
    await run(['set', 'auth-manager/jwt'], VALUE);
    expect(await run(['get', 'auth-manager/jwt', '--show'])).toMatchObject({ code: 5, stdout: '' });
    const pty = new Pty(scene.home, ['secrets', 'get', 'auth-manager/jwt', '--show'], {
      env: scene.fake.env,
    });
    expect((await pty.exited).exitCode).toBe(0);
    expect(pty.text).toContain(VALUE);
  });

  it('is typed unseen; Ctrl-C stores nothing', async () => {
    const typed = new Pty(scene.home, ['secrets', 'set', 'auth-manager/jwt'], { env: scene.fake.env });
    await typed.until('The value of auth-manager/jwt:');
    typed.type(`${VALUE}${ENTER}`);
    expect((await typed.exited).exitCode).toBe(0);
    expect(typed.raw).not.toContain(VALUE);
    expect(current('auth-manager/jwt')).toBe(VALUE);
    const left = new Pty(scene.home, ['secrets', 'set', 'other'], { env: scene.fake.env });
    await left.until('The value of other:');
    left.type(CTRL_C);
    expect((await left.exited).exitCode).toBe(130);
    expect(current('other')).toBeUndefined();
  });

  it('64 KiB go in, a byte more, none and bytes do not', async () => {
    const line = `${VALUE} `;
    const long = line.repeat(5000).slice(0, 65_536);
    expect(await run(['set', 'long'], long)).toMatchObject({ code: 0 });
    const refused = [`${long}x`, '', 'a\0b'];
    for (const input of refused) {
      const result = await run(['set', 'other'], input);
      expect(result).toMatchObject({ code: 2, stdout: '' });
    }
    expect(current('other')).toBeUndefined();
  });

  it('a protected environment is named first', async () => {
    scene.configure({ head: 'environments: { prod: { protected: true } }\n' });
    for (const words of [
      ['set', 'x'],
      ['rotate', 'x', '--yes'],
      ['undo', 'x', '--yes'],
      ['import', '.env.secrets'],
    ])
      expect(await run(words, VALUE)).toMatchObject({ code: 2 });
    expect(scene.fake.mutations()).toEqual([]);
  });
});
