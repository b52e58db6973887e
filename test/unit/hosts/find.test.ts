import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { instancesPort } from '../../../src/lib/aws/ec2-hosts.ts';
import { consoleFingerprints, type Located, locateHost } from '../../../src/lib/hosts/index.ts';
import type { HostPart } from '../../../src/lib/project/model.ts';
import { type Fake, startFake } from '../../fake/server.ts';
import { sessionFor } from '../../fake/session.ts';

let fake: Fake;
beforeEach(async () => {
  fake = await startFake();
});
afterEach(() => fake.close());

async function locate(part: Partial<HostPart>): Promise<Located> {
  const session = await sessionFor(fake);
  const whole: HostPart = {
    name: 'web',
    reach: { via: 'ssh' },
    health: { path: '', ports: [] },
    services: [],
    ...part,
  };
  return locateHost(whole, {
    resolve: async (value) => String(value),
    instances: async () => instancesPort(session),
  });
}

describe('where a host is', () => {
  it('an address needs no call at all', async () => {
    expect(await locate({ address: 'web.example.com', tags: { Name: 'web' } })).toEqual({
      address: 'web.example.com',
    });
    expect(fake.requests).toEqual([]);
  });

  it('an address that comes from elsewhere is checked before ssh gets it', async () => {
    await expect(locate({ address: '-oProxyCommand=id' })).rejects.toMatchObject({
      code: 'BadAddress',
      exit: 2,
    });
  });

  it('an instance has its public address, else its private one', async () => {
    const { id } = fake.state.ec2.addInstance({ publicIp: '13.38.50.18' });
    const inside = fake.state.ec2.addInstance();
    expect(await locate({ instance: id })).toEqual({ address: '13.38.50.18', instance: id });
    expect(await locate({ instance: inside.id })).toEqual({ address: inside.privateIp, instance: inside.id });
  });

  it('tags find the one that runs, on whichever page it is', async () => {
    fake.state.ec2.pageSize = 5;
    for (let i = 0; i < 12; i++) fake.state.ec2.addInstance({ tags: { Name: 'other' } });
    fake.state.ec2.addInstance({ tags: { Name: 'web', Stage: 'dev' }, state: 'stopped' });
    fake.state.ec2.addInstance({ tags: { Name: 'web', Stage: 'dev' }, state: 'terminated' });
    const { id } = fake.state.ec2.addInstance({ tags: { Name: 'web', Stage: 'dev' } });
    fake.state.ec2.addInstance({ tags: { Name: 'web', Stage: 'prod' } });
    expect((await locate({ tags: { Name: 'web', Stage: 'dev' } })).instance).toBe(id);
  });

  it('says what is not there, what is stopped, and which of several could be meant', async () => {
    await expect(locate({ instance: 'i-0123456789abcdef0' })).rejects.toMatchObject({
      code: 'InstanceNotFound',
    });
    await expect(locate({ tags: { Name: 'web' } })).rejects.toMatchObject({ code: 'InstanceNotFound' });
    const first = fake.state.ec2.addInstance({ tags: { Name: 'web' } });
    const second = fake.state.ec2.addInstance({ tags: { Name: 'web' } });
    await expect(locate({ tags: { Name: 'web' } })).rejects.toMatchObject({
      code: 'SeveralInstances',
      why: `${first.id} and ${second.id}`,
    });
    const { id } = fake.state.ec2.addInstance({ state: 'stopped' });
    await expect(locate({ instance: id })).rejects.toMatchObject({
      code: 'InstanceNotRunning',
      message: `The instance ${id} of the host web is stopped.`,
    });
  });
});

describe('the keys that a machine shows on its console', () => {
  const one = `SHA256:${'a'.repeat(43)}`;
  const other = `SHA256:${'b'.repeat(43)}`;
  const text = [
    `[   9.1] other output ${other}`,
    '-----BEGIN SSH HOST KEY FINGERPRINTS-----',
    `ec2: 256 ${one} root@ip-10-0-1-5 (ED25519)`,
    '-----END SSH HOST KEY FINGERPRINTS-----',
  ].join('\r\n');

  it('are those between the marks, and none where there are no marks', () => {
    expect(consoleFingerprints(text)).toEqual([one]);
    expect(consoleFingerprints(`ec2: 256 ${one}`)).toEqual([]);
  });

  it('are read as the machine says them, or later where its type gives no more', async () => {
    const port = instancesPort(await sessionFor(fake));
    const { id } = fake.state.ec2.addInstance({ console: text });
    expect(await port.console(id)).toBe(text);
    const older = fake.state.ec2.addInstance({ console: text, type: 't2.micro' });
    expect(await port.console(older.id)).toBe(text);
  });
});
