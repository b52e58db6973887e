import { describe, expect, it } from 'vitest';
import { effectiveConfiguration } from '../../../src/lib/project/show.ts';
import { load } from './folder.ts';

const HOSTS =
  'project: mbot\nhosts: { web: { address: 10.0.0.1 }, second: { address: 10.0.0.2 } }\nreleases:\n';
const FILES = { 'app/main.py': 'print(1)\n' };

async function problems(release: string): Promise<string> {
  return load(`${HOSTS}  app: ${release}\n`, {}, FILES).then(
    () => '',
    (error: Error & { why?: string }) => `${error.message}\n${error.why ?? ''}`,
  );
}

describe('the releases of a project', () => {
  it('have defaults for all but host and source', async () => {
    const { project } = await load(
      `${HOSTS}  app: { host: web, source: { git: https://example.com/a.git } }\n`,
      {},
      FILES,
    );
    expect(project.releases.get('app')).toEqual({
      name: 'app',
      hosts: ['web'],
      source: { git: 'https://example.com/a.git', ref: 'main' },
      path: '/srv/app',
      build: [],
      buildTimeout: 1_800_000,
      unit: 'app',
      ports: [],
      strategy: 'restart',
      site: false,
      nginx: { upstream: 'app', file: '/etc/nginx/conf.d/infractl-app.conf', port: 80 },
      health: { streamlit: false, expect: [], timeout: 60_000, settle: 30_000 },
      shared: [],
      environment: {},
      keep: 5,
      drain: 30_000,
    });
  });

  it('are shown as a configuration that gives the same', async () => {
    const source = `${HOSTS}  app: { host: [web, second], source: { folder: app, exclude: ['*.md'] }, ports: [8501, 8502], strategy: blue-green, health: { streamlit: true } }\n  api: { host: web, source: { git: 'git@github.com:me/a.git', ref: v1, key: { env: KEY } }, port: 3000, health: { path: /health, expect: [200] }, environment: { A: { secret: b } } }\n`;
    const { project } = await load(source, {}, FILES);
    const { environment: _, protected: __, ...shown } = effectiveConfiguration(project, { env: {} });
    const again = await load(JSON.stringify(shown), {}, FILES);
    expect(effectiveConfiguration(again.project, { env: {} })).toMatchObject(shown);
    expect(project.releases.get('app')?.health.path).toBe('/_stcore/script-health-check');
  });

  it.each([
    ['no source', '{ host: web, source: {} }', 'must have "git" or "folder"'],
    ['two sources', '{ host: web, source: { git: /srv/a, folder: app } }', 'must have "git" or "folder"'],
    ['a host that is not there', '{ host: wep, source: { folder: app } }', 'did you mean "web"?'],
    [
      'a ref that is an option',
      '{ host: web, source: { git: /srv/a, ref: "--upload-pack=id" } }',
      'must be a branch, a tag or a commit',
    ],
    [
      'a launch template without a group',
      '{ host: web, source: { launchTemplate: latest } }',
      'is for a group',
    ],
    ['neither host nor group', '{ source: { folder: app } }', 'must have "host" or "group"'],
    [
      'both host and group',
      '{ host: web, group: { name: g }, source: { folder: app } }',
      'must have "host" or "group"',
    ],
    [
      'a batch of nobody',
      '{ group: { name: g, batch: 0 }, source: { folder: app } }',
      'must be a number from 1 to 8',
    ],
    [
      'a share of failures that is none',
      '{ group: { name: g, maxErrors: 200% }, source: { folder: app } }',
      'must be a number from 0 to 999',
    ],
    [
      'failures of a refresh',
      '{ group: { name: g, maxErrors: 1 }, source: { launchTemplate: latest } }',
      'means nothing to an image',
    ],
    [
      'an address that is an option',
      '{ host: web, source: { git: "--upload-pack=id" } }',
      'must be the address of a git repository',
    ],
    ['a key that is written out', '{ host: web, source: { git: /srv/a, key: abc } }', 'reference'],
    [
      'blue-green on one port',
      '{ host: web, source: { folder: app }, strategy: blue-green, port: 8501 }',
      'two different ports',
    ],
    [
      'ports without blue-green',
      '{ host: web, source: { folder: app }, ports: [1, 2] }',
      'is for the strategy blue-green',
    ],
    [
      'health without a port',
      '{ host: web, source: { folder: app }, health: { path: / } }',
      'cannot be asked without a port',
    ],
    [
      'shared files outside',
      '{ host: web, source: { folder: app }, shared: [../etc] }',
      'must be a path inside of the release',
    ],
  ])('are refused with %s', async (_, release, says) => {
    expect(await problems(release)).toContain(says);
  });

  it('are for the members of a group, which Systems Manager reaches unless it is said', async () => {
    const { project } = await load(
      `${HOSTS}  app: { group: { name: shop }, source: { folder: app } }\n  api: { group: { name: { env: GROUP }, batch: 25%, maxErrors: 2, timeout: 5m, connect: ssh, ssh: { user: ubuntu } }, source: { folder: app } }\n`,
      {},
      FILES,
    );
    expect(project.releases.get('app')).toMatchObject({
      hosts: [],
      group: {
        name: 'shop',
        batch: { count: 1 },
        maxErrors: { count: 0 },
        timeout: 900_000,
        reach: { via: 'ssm' },
      },
    });
    expect(project.releases.get('api')?.group).toEqual({
      name: { env: 'GROUP' },
      batch: { percent: 25 },
      maxErrors: { count: 2 },
      timeout: 300_000,
      reach: { via: 'ssh', user: 'ubuntu' },
    });
    const { environment: _, protected: __, ...shown } = effectiveConfiguration(project, { env: {} });
    const again = await load(JSON.stringify(shown), {}, FILES);
    expect(again.project.releases.get('api')?.group).toEqual(project.releases.get('api')?.group);
    expect(again.project.releases.get('app')?.group).toEqual(project.releases.get('app')?.group);
  });
});
