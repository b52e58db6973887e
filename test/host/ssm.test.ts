import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { s3Crossing } from '../../src/lib/aws/s3-crossing.ts';
import { ssmPort } from '../../src/lib/aws/ssm-hosts.ts';
import { systemClock } from '../../src/lib/base/clock.ts';
import { Interrupted } from '../../src/lib/base/errors.ts';
import type { HostPort } from '../../src/lib/hosts/port.ts';
import { openSsm } from '../../src/lib/hosts/ssm.ts';
import { runScript } from '../../src/lib/hosts/ssm-scripts.ts';
import { realClock } from '../fake/clock.ts';
import { type Fake, startFake } from '../fake/server.ts';
import { sessionFor } from '../fake/session.ts';
import { noHost, useHost } from '../helpers/host.ts';
import { letIn } from '../helpers/host-aws.ts';
import { byAgent } from '../helpers/host-ssm.ts';
import { until } from '../helpers/until.ts';

const INSTANCE = 'i-0123456789abcdef0';
const BUCKET = 'shop-crossing';

/** Scripts of Run Command on a real machine: what its agent would run is run there. */
describe.skipIf(noHost)('a host by Systems Manager', { timeout: 300_000 }, () => {
  const used = useHost();
  let fake: Fake;
  let folder: string;
  let shut: () => void;
  let opened: HostPort[] = [];
  let url: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'infractl-ssm-'));
  });
  beforeEach(async () => {
    fake = await startFake({ clock: realClock() });
    fake.state.ssm.addNode({ id: INSTANCE, execute: byAgent(used.host) });
    fake.state.s3.buckets.set(BUCKET, {
      name: BUCKET,
      region: 'eu-west-3',
      owner: '123456789012',
      created: 0,
      objects: new Map(),
      history: [],
      settings: new Map(),
    });
    shut = await letIn(used.host, fake);
    url = /endpoint_url = (\S+)/.exec(used.host.read('/root/.aws/config'))?.[1] ?? '';
  });
  afterEach(async () => {
    for (const host of opened) await host.close();
    opened = [];
    shut();
    await fake.close();
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  async function open(user?: string): Promise<HostPort> {
    const session = await sessionFor(fake);
    const outside = { ...session, endpoint: url, config: { ...session.config, endpoint: url } };
    const reach = { via: 'ssm' as const, ...(user ? { user } : {}) };
    const port = openSsm(
      { name: 'web', instance: INSTANCE, reach },
      { port: ssmPort(session), clock: systemClock, crossing: async () => s3Crossing(outside, BUCKET) },
    );
    opened.push(port);
    return port;
  }
  const failure = (work: Promise<unknown>) =>
    work.then(
      () => {
        throw new Error('it succeeded');
      },
      (error: { code: string; message: string; why?: string; exit: number }) => error,
    );
  const running = (mark: string) => used.host.attempt('pgrep', '-f', '--', mark).stdout.trim();
  const scripts = () => [...fake.state.ssm.commands.values()].map(({ script }) => script).join('\n');
  /** All that Systems Manager and S3 were told, and what the host printed. */
  const history = () =>
    [...fake.state.ssm.commands.values()]
      .flatMap(({ script, comment, invocations }) => [
        script,
        comment,
        ...[...invocations.values()].flatMap(({ stdout, stderr }) => [stdout, stderr]),
      ])
      .join('\n');

  it('runs words as they are, as root, and tells the streams and the exit code apart', async () => {
    const host = await open();
    const words = ["it's", 'a "b" \\ $HOME `id`', '', '*', 'new\nline', '-n', 'é', '{{ssm:/secret}}', '{{{'];
    const print =
      'import sys, os, json; print(json.dumps([sys.argv[1:], os.getuid(), os.getcwd(), os.environ["HOME"]])); print("err", file=sys.stderr); sys.exit(7)';
    const result = await host.run({ argv: ['python3', '-c', print, ...words] });
    expect(JSON.parse(result.stdout)).toEqual([words, 0, '/root', '/root']);
    expect(result).toMatchObject({ exitCode: 7, stderr: 'err\n' });
    // What Systems Manager would put a parameter's value for.
    expect(scripts()).not.toContain('{{');
    expect(fake.actions()).toEqual(expect.arrayContaining(['ssm:SendCommand', 'ssm:GetCommandInvocation']));
    expect(fake.state.ssm.commands.size).toBe(1);
  });

  it('runs as the user of the configuration, and as root where that is asked for', async () => {
    const host = await open('ubuntu');
    const argv = ['sh', '-c', 'id -un; pwd; echo $HOME; umask'] as const;
    expect((await host.run({ argv: [...argv] })).stdout).toBe('ubuntu\n/home/ubuntu\n/home/ubuntu\n0022\n');
    expect((await host.run({ argv: [...argv], sudo: true })).stdout).toBe('root\n/root\n/root\n0022\n');
  });

  it('says how a command ended that is not there, or that a signal ended', async () => {
    const host = await open();
    expect((await host.run({ argv: ['no-such-command'] })).exitCode).toBe(127);
    expect((await host.run({ argv: ['sh', '-c', 'kill -9 $$'] })).exitCode).toBe(137);
  });

  it('hands input over sealed: no history, no list of processes, no file that others read has it', async () => {
    const host = await open();
    const secret = 'pa55-w0rd-of-mongo';
    const argv = ['sh', '-c', 'cat; ps -ewwo args | grep -c "w[0]rd-of" >&2; exit 0'] as const;
    const result = await host.run({ argv: [...argv], input: `${secret}\n` });
    expect(result).toMatchObject({ exitCode: 0, stdout: `${secret}\n`, stderr: '0\n' });
    expect(history()).not.toContain('pa55');
    expect(history()).not.toContain(Buffer.from(secret).toString('base64').slice(0, 16));
    expect(used.host.sh("find /run -maxdepth 1 -name 'infractl-ssm-*' -printf '%m %u\\n' | sort -u")).toBe(
      '700 root',
    );
    await host.close();
    await until(() => used.host.sh("find /run -path '*infractl-ssm-*' -name key") === '');
  });

  it('brings output beyond what an answer holds, whole and as it was', async () => {
    const host = await open();
    const print =
      'import sys, random; random.seed(1); sys.stdout.write("".join("%016x\\n" % random.getrandbits(64) for _ in range(4000))); sys.stderr.write("é" * 30000)';
    const lines: string[] = [];
    const result = await host.run({
      argv: ['python3', '-c', print],
      onLine: (line, stream) => void (stream === 'stdout' && lines.push(line)),
    });
    expect(result.stdout).toHaveLength(4000 * 17);
    expect(lines).toHaveLength(4000);
    expect(new Set(lines).size).toBe(4000);
    expect(result.stderr).toBe('é'.repeat(30_000));
  });

  it('shows the lines of a long command while it runs', async () => {
    const host = await open();
    const seen: string[] = [];
    const done = host.run({
      argv: ['sh', '-c', 'for i in 1 2 3 4 5; do echo $i; sleep 2; done; echo last >&2; exit 3'],
      onLine: (line, stream) => {
        const command = [...fake.state.ssm.commands.values()][0];
        const [invocation] = command?.invocations.values() ?? [];
        seen.push(`${stream} ${line} ${invocation?.status}`);
      },
    });
    expect(await done).toMatchObject({ exitCode: 3, stdout: '1\n2\n3\n4\n5\n', stderr: 'last\n' });
    expect(seen[0]).toBe('stdout 1 InProgress');
    expect(seen).toHaveLength(6);
  });

  it('stops the command on the host on an interrupt, with time to clean up', async () => {
    const host = await open();
    const controller = new AbortController();
    const line =
      'trap "sleep 1; echo cleaned > /tmp/cleaned; exit 0" TERM; echo up; while :; do sleep 0.2; done';
    const work = host.run({
      argv: ['sh', '-c', line, 'stop-me-77'],
      signal: controller.signal,
      grace: 60_000,
    });
    await until(() => running('stop-me-77') !== '');
    controller.abort(new Interrupted());
    expect(await failure(work)).toMatchObject({ code: 'Interrupted', exit: 130 });
    expect(used.host.read('/tmp/cleaned')).toBe('cleaned');
    expect(running('stop-me-77')).toBe('');
  });

  it('kills what does not end, with all that it started, and cancels the command', async () => {
    const host = await open();
    const line = 'trap "" TERM; sleep 12345 & wait; sleep 12345';
    const work = host.run({ argv: ['sh', '-c', line], timeout: 1500, grace: 1500 });
    expect(await failure(work)).toMatchObject({ code: 'HostTimeout', exit: 7 });
    await until(() => running('sleep 12345') === '');
    expect(fake.actions()).toContain('ssm:CancelCommand');
  });

  it('copies files and folders there and back, large ones through the bucket, sealed', async () => {
    const host = await open();
    const tree = path.join(folder, 'tree');
    mkdirSync(path.join(tree, 'sub'), { recursive: true });
    const large = Buffer.alloc(3_000_000, 'plain-words-').map((byte, at) => (at % 7 === 0 ? at % 251 : byte));
    writeFileSync(path.join(tree, 'sub/large.bin'), large);
    writeFileSync(path.join(tree, 'small.txt'), 'plain-words\n');
    await host.upload(tree, '/srv/copied');
    expect(used.host.sh('sha256sum < /srv/copied/sub/large.bin && cat /srv/copied/small.txt')).toContain(
      'plain-words',
    );
    await host.download('/srv/copied', path.join(folder, 'back'));
    expect(readFileSync(path.join(folder, 'back/sub/large.bin')).equals(large)).toBe(true);
    const crossed = fake.requests.filter(({ service, action }) => service === 's3' && action === 'PutObject');
    expect(crossed).toHaveLength(2);
    expect(history()).not.toContain('plain-words');
    await host.close();
    expect(fake.state.s3.buckets.get(BUCKET)?.objects.size).toBe(0);
  });

  it('does a command once, also where the answer to its request was lost', async () => {
    const host = await open();
    fake.faults.lost('ssm:SendCommand');
    const result = await host.run({ argv: ['sh', '-c', 'sleep 1; echo once >> /tmp/once; echo done'] });
    expect(result).toMatchObject({ exitCode: 0, stdout: 'done\n' });
    expect(used.host.read('/tmp/once')).toBe('once');
    expect(
      [...fake.state.ssm.commands.values()].filter(({ comment }) => comment.includes('once')),
    ).toHaveLength(2);
  });

  it('stops on the host what nobody asks after any more: the machine that sent it is gone', async () => {
    const folder = '/run/infractl-ssm-gone';
    const argv = ['sh', '-c', 'trap "echo bye > /tmp/bye; exit 0" TERM; sleep 55501 & wait', 'orphan'];
    const script = runScript({ folder, mark: 'm', argv, watched: 1 });
    const { done } = byAgent(used.host)(script);
    await until(() => running('sleep 55501') !== '');
    used.host.sh(`touch -d '10 minutes ago' ${folder}.m/sign`);
    await done;
    expect(used.host.read('/tmp/bye')).toBe('bye');
    expect(running('sleep 55501')).toBe('');
  });
});
