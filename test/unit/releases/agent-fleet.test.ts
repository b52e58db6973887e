import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ssmPort } from '../../../src/lib/aws/ssm-hosts.ts';
import { Interrupted } from '../../../src/lib/base/errors.ts';
import type { FleetPort } from '../../../src/lib/hosts/port.ts';
import { openFleet } from '../../../src/lib/hosts/ssm-sealed-fleet.ts';
import { type AgentAnswer, type AgentsCall, callAgents } from '../../../src/lib/releases/agent-fleet.ts';
import { type Fake, startFake } from '../../fake/server.ts';
import { sessionFor } from '../../fake/session.ts';
import { type NodeWork, OrderedNode } from '../../helpers/ssm-node.ts';

const SECRET = 'h4nd-me-0ver';

describe('one order for a fleet of Systems Manager', () => {
  let fake: Fake;
  let nodes: OrderedNode[];
  let at: number;
  let most: number;
  let events: string[];
  let fleet: FleetPort;
  let controller: AbortController;
  beforeEach(async () => {
    fake = await startFake();
    nodes = [];
    at = 0;
    most = 0;
    events = [];
    controller = new AbortController();
    const port = ssmPort(await sessionFor(fake), fake.clock);
    fleet = openFleet({ port, clock: fake.clock, signal: controller.signal });
  });
  afterEach(() => fake.close());

  const id = (which: number) => `i-${String(which).padStart(17, '0')}`;
  const targets = (count: number) =>
    Array.from({ length: count }, (_, which) => ({
      name: `web-${which}`,
      instance: id(which),
      reach: { via: 'ssm' as const },
    }));
  const good = (which: number): NodeWork => ({
    lines: [
      { t: 'step', text: 'building' },
      { t: 'done', result: { id: `release of ${which}` } },
    ],
    code: 0,
    ms: 20_000,
  });
  const bad: NodeWork = {
    lines: [{ t: 'error', code: 'ReleaseUnhealthy', message: 'It died.', why: '', suggestions: [], exit: 8 }],
    code: 8,
    ms: 20_000,
  };

  /** Nodes that count how many of them are at work at the same time. */
  function add(count: number, work: (which: number) => NodeWork = good): void {
    for (let which = 0; which < count; which++) {
      const node = new OrderedNode(() => work(which));
      nodes.push(node);
      fake.state.ssm.addNode({
        id: id(which),
        execute: (script, clock) => {
          const execution = node.execute(script, clock);
          if (!script.includes('wrapped')) return execution;
          most = Math.max(most, ++at);
          void execution.done.then(() => at--);
          return execution;
        },
      });
    }
  }
  const release = (count: number, more: Partial<AgentsCall> = {}) =>
    callAgents(fleet, targets(count), {
      order: { action: 'deploy', envText: SECRET },
      concurrency: 1,
      errors: 0,
      grace: 60_000,
      signal: controller.signal,
      say: () => {},
      onBegin: (host) => void events.push(`${host} begun`),
      onEvent: (host, event) => void events.push(`${host} ${event.t}`),
      ...more,
    });
  const words = (answers: readonly AgentAnswer[]) =>
    answers.map((one) => ('error' in one ? one.error.code : (one.result as { id: string }).id));
  const commands = () => [...fake.state.ssm.commands.values()];
  const orders = () => commands().filter(({ script }) => script.includes('wrapped'));

  it('is one command with the limits of AWS, and every host says how it ended', async () => {
    add(12);
    const answers = await release(12, { concurrency: 4, errors: 2 });
    expect(words(answers)).toEqual(Array.from({ length: 12 }, (_, which) => `release of ${which}`));
    expect(most).toBe(4);
    const [sent] = orders();
    expect(orders()).toHaveLength(1);
    expect(sent?.parameters).toMatchObject({ MaxConcurrency: '4', MaxErrors: '2' });
    expect(sent?.invocations.size).toBe(12);
    expect(events.filter((event) => event === 'web-7 begun' || event === 'web-7 step')).toEqual([
      'web-7 begun',
      'web-7 step',
    ]);
    expect(commands().filter(({ script }) => script.includes('genpkey'))).toHaveLength(1);
  });

  it('keeps every secret out of what Systems Manager keeps', async () => {
    add(3);
    await release(3, { concurrency: 3 });
    expect(nodes.map(({ orders: [order] }) => order)).toEqual(
      Array(3).fill({ action: 'deploy', envText: SECRET }),
    );
    const kept = commands().map(({ script, comment, parameters, invocations }) =>
      [
        script,
        comment,
        JSON.stringify(parameters),
        ...[...invocations.values()].map((one) => one.stdout),
      ].join(),
    );
    for (const spelling of [SECRET, Buffer.from(SECRET).toString('base64').slice(0, 14)])
      expect(kept.join()).not.toContain(spelling);
  });

  it('stops at the failures of AWS: the rest was not begun', async () => {
    add(6, (which) => (which === 1 || which === 2 ? bad : good(which)));
    expect(words(await release(6, { errors: 0 }))).toEqual([
      'release of 0',
      'ReleaseUnhealthy',
      ...Array(4).fill('HostNotBegun'),
    ]);
    expect(words(await release(6, { errors: 1 }))).toEqual([
      'release of 0',
      'ReleaseUnhealthy',
      'ReleaseUnhealthy',
      ...Array(3).fill('HostNotBegun'),
    ]);
  });

  it('begins nothing where one does not answer, unless it may fail', async () => {
    add(4);
    const silent = fake.state.ssm.nodes.get(id(2));
    if (silent) silent.ping = 'ConnectionLost';
    expect(words(await release(4))).toEqual(
      expect.arrayContaining(['HostUnreachable', ...Array(3).fill('HostNotBegun')]),
    );
    expect(orders()).toEqual([]);
    const answers = await release(4, { errors: 1 });
    expect(answers.map(({ host }) => host).sort()).toEqual(['web-0', 'web-1', 'web-2', 'web-3']);
    expect(words(answers).filter((word) => word.startsWith('release of'))).toHaveLength(3);
  });

  it('stops too where AWS cannot deliver it, which AWS does not count', async () => {
    add(5);
    const late = fake.state.ssm.nodes.get(id(1));
    // It goes silent when it has shown its key.
    fake.clock.after(10_000, () => {
      if (late) late.ping = 'ConnectionLost';
    });
    const answers = await release(5);
    expect(words(answers)).toEqual(['release of 0', 'HostUnreachable', ...Array(3).fill('HostNotBegun')]);
    expect(nodes.map((node) => node.orders.length)).toEqual([1, 0, 0, 0, 0]);
  });

  it('leaves out one that was ended since: the others get it', async () => {
    add(3);
    await release(3, { concurrency: 3 });
    fake.state.ssm.nodes.delete(id(1));
    const answers = await release(3, { concurrency: 3, errors: 1 });
    expect(words(answers)).toEqual(['release of 0', 'HostNotManaged', 'release of 2']);
  });

  it('gives nothing to one that has another key by now', async () => {
    add(2);
    await release(2, { concurrency: 2 });
    nodes[1]?.restart();
    expect(words(await release(2, { concurrency: 2 }))).toEqual(['release of 0', 'HostKeyLost']);
    expect(nodes[1]?.orders).toHaveLength(1);
    // It shows its new one when it is next in turn.
    expect(words(await release(2, { concurrency: 2 }))).toEqual(['release of 0', 'release of 1']);
  });

  it('stops what runs and begins nothing more when it is interrupted', async () => {
    add(6, (which) => ({ ...good(which), ms: 600_000 }));
    fake.clock.after(30_000, () => controller.abort(new Interrupted()));
    const answers = await release(6, { concurrency: 2 });
    expect(words(answers)).toEqual(Array(6).fill('Interrupted'));
    await fake.clock.sleep(120_000);
    expect(nodes.map((node) => node.orders.length)).toEqual([1, 1, 0, 0, 0, 0]);
    const [sent] = orders();
    expect([...(sent?.invocations.values() ?? [])].map(({ status }) => status)).toEqual([
      'Failed',
      'Failed',
      ...Array(4).fill('Cancelled'),
    ]);
  });

  it('goes through throttling, and more hosts than a command can name', async () => {
    add(53, (which) => ({ ...good(which), ms: 1_000 }));
    fake.faults.throttle('ssm:SendCommand', { times: 2 });
    fake.faults.throttle('ssm:ListCommandInvocations', { times: 4, every: 2 });
    const answers = await release(53, { concurrency: 25 });
    expect(words(answers)).toEqual(Array.from({ length: 53 }, (_, which) => `release of ${which}`));
    expect(orders().map(({ invocations }) => invocations.size)).toEqual([50, 3]);
    expect(orders().every(({ script }) => script.length < 65_536)).toBe(true);
  });

  it('removes what is left on them', async () => {
    add(3);
    await release(3, { concurrency: 3 });
    await fleet.close();
    const last = commands().at(-1);
    expect(last).toMatchObject({ comment: 'infractl: done' });
    expect(last?.invocations.size).toBe(3);
  });
});
