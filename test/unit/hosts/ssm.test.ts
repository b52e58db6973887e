import { createPrivateKey, createPublicKey, diffieHellman, generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ssmPort } from '../../../src/lib/aws/ssm-hosts.ts';
import { Interrupted } from '../../../src/lib/base/errors.ts';
import { openSsm } from '../../../src/lib/hosts/ssm.ts';
import { runFleet } from '../../../src/lib/hosts/ssm-fleet.ts';
import { readFrames } from '../../../src/lib/hosts/ssm-frames.ts';
import { runScript } from '../../../src/lib/hosts/ssm-scripts.ts';
import { newSeal } from '../../../src/lib/hosts/ssm-seal.ts';
import { type Fake, startFake } from '../../fake/server.ts';
import { sessionFor } from '../../fake/session.ts';
import { prints } from '../../fake/ssm.ts';

const INSTANCE = 'i-0123456789abcdef0';

describe('a host by Systems Manager', () => {
  let fake: Fake;
  beforeEach(async () => {
    fake = await startFake();
  });
  afterEach(() => fake.close());

  async function host() {
    const session = await sessionFor(fake);
    const crossing = async () => {
      throw new Error('nothing is that large here');
    };
    return openSsm(
      { name: 'web', instance: INSTANCE, reach: { via: 'ssm' } },
      { port: ssmPort(session, fake.clock), clock: fake.clock, crossing },
    );
  }
  const failure = (work: Promise<unknown>) =>
    work.then(
      () => {
        throw new Error('it succeeded');
      },
      (error: { code: string; message: string; why?: string; suggestions: string[]; exit: number }) => error,
    );

  it('explains an instance that was never managed: agent, role, endpoints', async () => {
    const error = await failure((await host()).run({ argv: ['true'] }));
    expect(error).toMatchObject({ code: 'HostNotManaged' });
    expect(error.suggestions.join('\n')).toMatch(
      /AmazonSSMManagedInstanceCore[\s\S]*agent[\s\S]*ssm, ssmmessages and ec2messages/,
    );
  });

  it('says of one that went silent since when, and takes the command back', async () => {
    fake.state.ssm.addNode({
      id: INSTANCE,
      ping: 'ConnectionLost',
      heardAt: fake.clock.now() - 7_200_000,
    });
    const error = await failure((await host()).run({ argv: ['true'] }));
    expect(error).toMatchObject({ code: 'HostUnreachable' });
    expect(error.why).toContain('heard of last 2 h ago, is ConnectionLost');
    expect(fake.actions()).toContain('ssm:CancelCommand');
  });

  it('waits while a command is not known yet, and while it is not delivered', async () => {
    fake.state.ssm.addNode({ id: INSTANCE, execute: prints('hello\n') });
    fake.state.ssm.visibleMs = 4_000;
    fake.state.ssm.deliverMs = 25_000;
    expect(await (await host()).run({ argv: ['echo', 'hello'] })).toEqual({
      exitCode: 0,
      stdout: 'hello\n',
      stderr: '',
    });
  });

  it('waits out throttling and cut connections', async () => {
    fake.state.ssm.addNode({ id: INSTANCE, execute: prints('hello\n', { code: 4 }) });
    fake.faults.throttle('ssm:SendCommand', { times: 3 });
    fake.faults.reset('ssm:GetCommandInvocation', { times: 3 });
    fake.faults.throttle('ssm:GetCommandInvocation', { times: 4, after: 3 });
    expect(await (await host()).run({ argv: ['echo', 'hello'] })).toMatchObject({ exitCode: 4 });
  });

  it('tells who may not send commands which right is missing', async () => {
    fake.state.ssm.addNode({ id: INSTANCE });
    fake.faults.deny('ssm:SendCommand');
    expect(await failure((await host()).run({ argv: ['true'] }))).toMatchObject({
      code: 'AccessDenied',
      exit: 4,
    });
  });

  it('says that somebody else cancelled it', async () => {
    fake.state.ssm.addNode({ id: INSTANCE, execute: prints('', { ms: 60_000 }) });
    const work = (await host()).run({ argv: ['sleep', '60'] });
    fake.clock.after(1_000, () => {
      for (const command of fake.state.ssm.commands.values())
        for (const one of command.invocations.values())
          Object.assign(one, { status: 'Cancelled', detail: 'Cancelled' });
    });
    expect(await failure(work)).toMatchObject({ code: 'HostCommandCancelled' });
  });

  it('cancels what was not delivered when it is interrupted: it is not begun later', async () => {
    fake.state.ssm.addNode({ id: INSTANCE, execute: prints('', { ms: 1_000 }) });
    fake.state.ssm.deliverMs = 60_000;
    const controller = new AbortController();
    fake.clock.after(2_000, () => controller.abort(new Interrupted()));
    const work = (await host()).run({ argv: ['true'], signal: controller.signal });
    expect(await failure(work)).toMatchObject({ code: 'Interrupted' });
    await fake.clock.sleep(120_000);
    const [command] = fake.state.ssm.commands.values();
    expect([...(command?.invocations.values() ?? [])][0]).toMatchObject({ status: 'Cancelled', code: -1 });
  });

  it('names no secret in a command', () => {
    const { publicKey } = generateKeyPairSync('x25519', {
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
    const seal = newSeal(publicKey);
    const text = Buffer.from(seal.close(Buffer.from('hunter2'))).toString('base64');
    const script = runScript({
      folder: '/run/x',
      mark: 'm',
      argv: ['cat'],
      sealed: { envelope: seal.envelope, input: { text } },
      watched: 1,
    });
    expect(script).not.toContain('hunter2');
  });

  it('seals what only the owner of the key opens, and opens what the host closes', () => {
    const { publicKey, privateKey } = generateKeyPairSync('x25519', {
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5000 }), (bytes) => {
        const seal = newSeal(publicKey);
        expect(Buffer.from(seal.open(seal.close(bytes)))).toEqual(Buffer.from(bytes));
        // As the host does it.
        const theirs = createPublicKey(Buffer.from(seal.envelope, 'base64'));
        const shared = diffieHellman({ privateKey: createPrivateKey(privateKey), publicKey: theirs });
        expect(newSeal(publicKey).envelope).not.toBe(seal.envelope);
        expect(shared).toHaveLength(32);
      }),
      { numRuns: 50 },
    );
  });

  it('takes for an answer of its own only what has the mark of the run', () => {
    expect(readFrames('a1', 'infractl b2 end 0 0 0\n', undefined)).toBeUndefined();
    expect(readFrames('a1', 'infractl a1 end 3 10 20\n', undefined)?.end).toEqual({
      exitCode: 3,
      out: 10,
      err: 20,
    });
  });
});

describe('many hosts by Systems Manager', () => {
  let fake: Fake;
  beforeEach(async () => {
    fake = await startFake();
  });
  afterEach(() => fake.close());

  const targets = (count: number) =>
    Array.from({ length: count }, (_, at) => ({
      name: `web-${at}`,
      instance: `i-${String(at).padStart(17, '0')}`,
      reach: { via: 'ssm' as const },
    }));
  async function fleet(
    count: number,
    order: { concurrency?: string; errors?: string } = {},
    signal = new AbortController().signal,
  ) {
    const lines: string[] = [];
    const onLine = (host: string, line: string) => void lines.push(`${host}: ${line}`);
    const port = ssmPort(await sessionFor(fake), fake.clock);
    const outcomes = await runFleet(
      targets(count),
      { argv: ['uptime'], onLine, ...order },
      { port, clock: fake.clock, signal },
    );
    return { outcomes, lines };
  }

  it('is one command, and each host has its outcome', async () => {
    for (const { instance } of targets(30))
      fake.state.ssm.addNode({ id: instance, execute: prints(`up ${instance}\n`, { ms: 2_000 }) });
    const { outcomes, lines } = await fleet(30);
    expect(outcomes.map((one) => 'result' in one && one.result.exitCode)).toEqual(Array(30).fill(0));
    expect(lines).toHaveLength(30);
    expect(fake.state.ssm.commands.size).toBe(1);
  });

  it('keeps to the limits: so many at a time, and none is begun after too many failures', async () => {
    let at = 0;
    let most = 0;
    for (const [index, { instance }] of targets(10).entries())
      fake.state.ssm.addNode({
        id: instance,
        execute: (script, clock) => {
          most = Math.max(most, ++at);
          const done = prints('', { ms: 5_000, code: index < 3 ? 1 : 0 })(script, clock);
          void done.done.then(() => at--);
          return done;
        },
      });
    const { outcomes } = await fleet(10, { concurrency: '2', errors: '1' });
    expect(most).toBe(2);
    const words = outcomes.map((one) => ('result' in one ? one.result.exitCode : one.error.code));
    // The third was begun when the first had ended, and before the second had.
    expect(words.slice(0, 3)).toEqual([1, 1, 1]);
    expect(words.slice(3)).toEqual(Array(7).fill('HostNotBegun'));
  });

  it('leaves out, in words, those that are not managed or do not answer: the others get it', async () => {
    const [first, second] = targets(3);
    fake.state.ssm.addNode({ id: first?.instance ?? '', execute: prints('ok\n') });
    fake.state.ssm.addNode({ id: second?.instance ?? '', ping: 'ConnectionLost' });
    const { outcomes } = await fleet(3);
    expect(outcomes.map((one) => ('result' in one ? one.result.exitCode : one.error.code))).toEqual([
      0,
      'HostUnreachable',
      'HostNotManaged',
    ]);
  });

  it('stops all of them when it is interrupted', async () => {
    for (const { instance } of targets(6))
      fake.state.ssm.addNode({ id: instance, execute: prints('', { ms: 3_600_000 }) });
    const controller = new AbortController();
    fake.clock.after(10_000, () => controller.abort(new Interrupted()));
    await expect(fleet(6, {}, controller.signal)).rejects.toMatchObject({ code: 'Interrupted' });
    await fake.clock.sleep(1_000);
    const [command] = fake.state.ssm.commands.values();
    const states = [...(command?.invocations.values() ?? [])].map(({ status }) => status);
    expect(states.every((status) => /^Cancel/.test(status))).toBe(true);
  });
});
