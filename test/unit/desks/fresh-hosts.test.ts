import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InfractlError } from '../../../src/lib/base/errors.ts';
import { Redactor } from '../../../src/lib/base/redact.ts';
import { FreshHosts } from '../../../src/lib/desks/fresh-hosts.ts';
import type { HostPort } from '../../../src/lib/hosts/index.ts';
import type { HostPart, Project } from '../../../src/lib/project/model.ts';
import { virtualClock } from '../../fake/clock.ts';
import { type Fake, startFake } from '../../fake/server.ts';
import { sessionFor } from '../../fake/session.ts';

const web: HostPart = {
  name: 'web',
  address: '10.0.0.1',
  reach: { via: 'ssh' },
  health: { path: '', ports: [] },
  services: [],
};
const error = (code: string, message: string = code) => new InfractlError({ code, message });

/** A machine that answers after some errors; null: it stays as it is for ever. */
function hosts(errors: readonly InfractlError[], last: InfractlError | null = null) {
  const clock = virtualClock();
  const open = [...errors];
  const said: string[] = [];
  const commands: string[][] = [];
  const port = {
    name: 'web',
    where: 'web',
    run: async ({ argv }: { argv: readonly string[] }) => {
      commands.push([...argv]);
      return { exitCode: 0, stdout: '', stderr: '' };
    },
    close: async () => {},
  } as unknown as HostPort;
  class Starting extends FreshHosts {
    override async open(): Promise<HostPort> {
      const next = open.shift() ?? last;
      if (next) throw next;
      return port;
    }
  }
  const deps = {
    session: () => Promise.reject(new Error('nobody asks AWS')),
    redactor: new Redactor(),
    variable: () => undefined,
    env: {},
    signal: new AbortController().signal,
  };
  const fresh = new Starting(
    deps,
    { hosts: new Map([['web', web]]), stacks: new Map() } as unknown as Project,
    clock,
  );
  const reach = (patience: number) => fresh.reach(web, patience, (status) => void said.push(status));
  return { clock, said, commands, reach };
}

describe('a machine that is just being made', () => {
  it('is waited for: while it is pending, answers nobody, and does not know its user', async () => {
    const { reach, said, commands } = hosts([
      error('InstanceNotFound'),
      error('InstanceNotRunning', 'The instance i-1 of the host web is pending.'),
      error('HostUnreachable'),
      error('HostLoginRefused'),
      error('HostNotManaged'),
    ]);
    await reach(300_000);
    expect(said).toEqual(Array(5).fill('waiting for the host web to start'));
    expect(commands).toEqual([['true']]);
  });

  it('is waited for no longer than is said, and for a login that is refused a minute and a half', async () => {
    const never = hosts([], error('HostUnreachable'));
    const began = never.clock.now();
    await expect(never.reach(300_000)).rejects.toMatchObject({ code: 'HostUnreachable' });
    expect(never.clock.now() - began).toBe(300_000);
    const stranger = hosts([], error('HostLoginRefused'));
    const from = stranger.clock.now();
    await expect(stranger.reach(300_000)).rejects.toMatchObject({ code: 'HostLoginRefused' });
    expect(stranger.clock.now() - from).toBe(90_000);
  });

  it.each([
    ['one that was stopped', error('InstanceNotRunning', 'The instance i-1 of the host web is stopped.')],
    ['an unknown key', error('HostKeyUnknown')],
    ['another key', error('HostKeyChanged')],
  ])('is not waited for with %s', async (_, reason) => {
    const { reach, said } = hosts([], reason);
    await expect(reach(300_000)).rejects.toBe(reason);
    expect(said).toEqual([]);
  });
});

describe('a machine of before', () => {
  it('is there or is not', async () => {
    const { reach, said } = hosts([error('HostUnreachable')]);
    await expect(reach(0)).rejects.toMatchObject({ code: 'HostUnreachable' });
    expect(said).toEqual([]);
  });
});

describe('the key of a machine that is just being made', () => {
  const fingerprint = `SHA256:${'a'.repeat(43)}`;
  const marks = 'SSH HOST KEY FINGERPRINTS';
  let fake: Fake;
  beforeEach(async () => {
    fake = await startFake();
  });
  afterEach(() => fake.close());

  /** What is known of the key of a machine that shows it after so many milliseconds. */
  async function keys(shownAfter: number, patience: number) {
    const machine = fake.state.ec2.addInstance();
    fake.clock.after(shownAfter, () => {
      machine.console = `BEGIN ${marks}\n256 ${fingerprint} root\nEND ${marks}`;
    });
    class Asking extends FreshHosts {
      override async open(): Promise<HostPort> {
        return { run: async () => {} } as unknown as HostPort;
      }
      asked = () => this.keysOnConsole(machine.id);
    }
    const deps = {
      session: () => sessionFor(fake),
      redactor: new Redactor(),
      variable: () => undefined,
      env: {},
      signal: new AbortController().signal,
    };
    const fresh = new Asking(deps, { hosts: new Map(), stacks: new Map() } as unknown as Project, fake.clock);
    await fresh.reach(web, patience, () => {});
    return fresh.asked();
  }

  it('is waited for until AWS has its console, for two minutes at the most', async () => {
    expect(await keys(60_000, 300_000)).toEqual([fingerprint]);
    expect(await keys(180_000, 300_000)).toEqual([]);
    expect(await keys(60_000, 0)).toEqual([]);
  });

  it('is not waited for where the console may not be read', async () => {
    fake.faults.deny('ec2:GetConsoleOutput');
    const began = fake.clock.now();
    expect(await keys(60_000, 300_000)).toBeUndefined();
    expect(fake.clock.now()).toBe(began);
  });
});
