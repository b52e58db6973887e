import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { effectiveConfiguration } from '../../../src/lib/project/show.ts';
import { load } from './folder.ts';

const STACK = 'stacks:\n  app: { template: infra/template.yaml }\n';
const wanted = (hosts: string) => `project: mbot\n${STACK}hosts:\n${hosts}`;
const FILES = { 'infra/template.yaml': 'Resources: {}\n', 'keys/mbot.pem': 'a key' };

async function problems(hosts: string): Promise<string> {
  return load(wanted(hosts), {}, FILES).then(
    () => '',
    (error: Error & { why?: string }) => `${error.message}\n${error.why ?? ''}`,
  );
}

describe('the hosts of a project', () => {
  it('are reached by ssh with the settings that are given', async () => {
    const { project } = await load(
      wanted(
        '  web:\n    instance: { output: app.InstanceId }\n    address: { output: app.ElasticIp }\n' +
          '    ssh: { user: ubuntu, port: 2222, identity: keys/mbot.pem, jump: ec2-user@bastion }\n' +
          '    health: { url: { output: app.Url, path: /health }, ports: [80, 443] }\n    services: [mbot, nginx]\n',
      ),
      {},
      FILES,
    );
    expect(project.hosts.get('web')).toEqual({
      name: 'web',
      instance: { output: 'app.InstanceId' },
      address: { output: 'app.ElasticIp' },
      reach: {
        via: 'ssh',
        user: 'ubuntu',
        port: 2222,
        identity: path.join(project.root, 'keys/mbot.pem'),
        jump: 'ec2-user@bastion',
      },
      health: { url: { output: 'app.Url' }, path: '/health', ports: [80, 443] },
      services: ['mbot', 'nginx'],
    });
  });

  it('need no more than an address, tags or an instance', async () => {
    const { project } = await load(
      wanted(
        '  a: { address: 10.0.0.1 }\n  b: { tags: { Name: mbot } }\n  c: { instance: i-0123456789abcdef0 }\n',
      ),
      {},
      FILES,
    );
    expect([...project.hosts.values()].map(({ reach }) => reach)).toEqual([
      { via: 'ssh' },
      { via: 'ssh' },
      { via: 'ssh' },
    ]);
  });

  it('find a key in the home of whoever runs it', async () => {
    const home = mkdtempSync(path.join(tmpdir(), 'infractl-home-'));
    vi.stubEnv('HOME', home);
    const file = path.join(home, 'mbot.pem');
    writeFileSync(file, '');
    const { project } = await load(wanted('  a: { address: h, ssh: { identity: ~/mbot.pem } }\n'), {}, FILES);
    expect(project.hosts.get('a')?.reach).toMatchObject({ identity: file });
    vi.unstubAllEnvs();
    rmSync(home, { recursive: true });
  });

  it('are shown as a configuration that gives the same', async () => {
    const source = wanted(
      '  a: { address: 10.0.0.1, ssh: { identity: keys/mbot.pem } }\n  b: { tags: { Name: b }, health: { url: { output: app.Url, path: /h } } }\n',
    );
    const { project } = await load(source, {}, FILES);
    const { environment: _, protected: __, ...shown } = effectiveConfiguration(project, { env: {} });
    const again = await load(JSON.stringify(shown), {}, FILES);
    expect(effectiveConfiguration(again.project, { env: {} })).toMatchObject(shown);
  });

  it.each([
    ['no machine', '  a: { services: [nginx] }\n', 'does not say which machine it is'],
    [
      'two instances',
      '  a: { instance: i-0123456789abcdef0, tags: { Name: x } }\n',
      'has both "instance" and "tags"',
    ],
    [
      'an address that is an option',
      '  a: { address: "-oProxyCommand=id" }\n',
      'must be a host name or an IP address',
    ],
    [
      'a jump that is an option',
      '  a: { address: h, ssh: { jump: "-oProxyCommand=id" } }\n',
      'must be user@host:port',
    ],
    ['a user that is an option', '  a: { address: h, ssh: { user: "-l" } }\n', 'must be the name of a user'],
    [
      'a key that is not there',
      '  a: { address: h, ssh: { identity: keys/none.pem } }\n',
      'there is no such file',
    ],
    ['a stack that is not there', '  a: { instance: { output: ap.Id } }\n', 'did you mean "app"?'],
    ['a port out of range', '  a: { address: h, health: { ports: [70000] } }\n', 'a port from 1 to 65535'],
    ['a misspelt key', '  a: { adress: h }\n', 'did you mean "address"?'],
    ['no tags', '  a: { tags: {} }\n', 'has no tag'],
  ])('are refused with %s', async (_, hosts, says) => {
    expect(await problems(hosts)).toContain(says);
  });

  it('are reached by Systems Manager where they say so, also in one environment alone', async () => {
    const hosts =
      '  web: { tags: { Name: mbot }, ssh: { user: ubuntu } }\n  far: { tags: { Name: mbot }, connect: ssm, ssm: { user: ubuntu, bucket: mbot-crossing } }\nenvironments:\n  prod: { hosts: { web: { connect: ssm } } }\n';
    const { project } = await load(wanted(hosts), {}, FILES);
    expect(project.hosts.get('far')?.reach).toEqual({ via: 'ssm', user: 'ubuntu', bucket: 'mbot-crossing' });
    expect(project.hosts.get('web')?.reach).toMatchObject({ via: 'ssm' });
  });

  it('say what does not go together with the way in', async () => {
    expect(await problems('  web: { address: 203.0.113.7, connect: ssm }\n')).toContain('takes an instance');
    expect(await problems('  web: { address: 203.0.113.7, ssm: { user: ubuntu } }\n')).toContain(
      'reached by ssh',
    );
    expect(await problems('  web: { address: 203.0.113.7, ssh: { tunnel: ssm } }\n')).toContain(
      'takes an instance',
    );
    expect(
      await problems('  web: { tags: { Name: a }, ssh: { tunnel: ssm, jump: ec2-user@bastion } }\n'),
    ).toContain('two ways to the same host');
  });
});
