import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { User } from '../helpers/user.ts';

/** The blueprint `site` in the sandbox, from nothing to nothing: one step a test, in their order. */

interface Deployed {
  readonly parts: readonly { readonly part: string; readonly outcome: string; readonly detail?: string }[];
  readonly outputs: { readonly site: { readonly SiteUrl: string } };
  readonly journal: string;
}

describe('the story of a site', () => {
  let user: User;
  let url = '';
  let first = '';
  beforeAll(async () => {
    user = await new User().prepare();
    await user.does('init site my-site');
    user.cd('my-site');
    await user.does(`sandbox start --port ${await user.port()}`);
  }, 600_000);
  afterAll(() => user?.leave());

  const outcomes = ({ parts }: Deployed) => parts.map(({ part, outcome }) => `${part} ${outcome}`);
  const get = (where: string) => fetch(`${url}${where}`);
  const file = (name: string) => path.join(user.cwd, 'public', name);
  const change = (name: string, from: string, to: string) =>
    writeFileSync(file(name), readFileSync(file(name), 'utf8').replace(from, to));

  it('is deployed by one command, answers at its URL with its headers, and its bucket tells nobody anything', async () => {
    const result = await user.reads<Deployed>('deploy --create-stack --sandbox');
    expect(outcomes(result)).toEqual(['stack site created', 'site web created', 'check home passed']);
    url = `${result.outputs.site.SiteUrl}/`;
    first = result.journal.slice(-6);
    const page = await get('');
    expect(await page.text()).toContain('<title>It works</title>');
    expect(Object.fromEntries(page.headers)).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-cache',
      'x-content-type-options': 'nosniff',
      'strict-transport-security': 'max-age=63072000',
    });
    expect(await (await get('config.json')).json()).toEqual({ environment: 'dev', service: 'my-site' });
    const none = await get('nowhere');
    expect([none.status, await none.text()]).toEqual([404, expect.stringContaining('There is no such page')]);
    expect((await get('.infractl.json')).status).toBe(404);
  });

  it('again changes nothing, with its stack too', async () => {
    const result = await user.reads<Deployed>('deploy --create-stack --sandbox');
    expect(outcomes(result)).toEqual(['stack site unchanged', 'site web unchanged', 'check home passed']);
  });

  it('after a change shows what differs, and puts that alone', async () => {
    change('index.html', 'It works', 'Hello');
    rmSync(file('app.js'));
    const diff = await user.does('diff --sandbox');
    expect(diff.stdout).toContain(
      'site web  would be updated: 1 file to put (1 changed); 2 paths to invalidate',
    );
    expect(diff.stdout).toMatch(/^ {2}~ index\.html$/m);
    const result = await user.reads<Deployed>('deploy web --sandbox');
    expect(result.parts.find(({ part }) => part === 'site web')).toMatchObject({
      outcome: 'updated',
      detail: expect.stringMatching(/: 1 file put, 2 paths invalidated$/),
    });
    expect(await (await get('')).text()).toContain('<title>Hello</title>');
    // A page that somebody has open still finds its script.
    expect((await get('app.js')).status).toBe(200);
  });

  it('is not turned back by the next deploy of its stack', async () => {
    await user.does('deploy --create-stack --sandbox');
    expect(await (await get('')).text()).toContain('<title>Hello</title>');
  });

  it('goes back when its check fails, and says so', async () => {
    change('index.html', '<title>Hello</title>', '<p>broken</p>');
    const yaml = path.join(user.cwd, 'infractl.yaml');
    writeFileSync(yaml, readFileSync(yaml, 'utf8').replace('expect: 200,', 'expect: 200, timeout: 2s,'));
    const { code, stderr } = await user.type('deploy --sandbox');
    expect([code, stderr]).toEqual([
      8,
      expect.stringMatching(/It was taken back: web is on release \w+ again/),
    ]);
    expect(await (await get('')).text()).toContain('<title>Hello</title>');
  });

  it('goes back to an earlier release without its folder', async () => {
    rmSync(path.join(user.cwd, 'public'), { recursive: true });
    await user.does(`rollback ${first} --sandbox --yes`);
    expect(await (await get('')).text()).toContain('<title>It works</title>');
  });

  it('is gone after destroy, with its bucket', async () => {
    await user.does('destroy --sandbox --empty --confirm my-site-dev');
    expect((await get('')).status).toBe(404);
    expect(await user.reads<object>('outputs --sandbox')).toEqual({});
  });
});
