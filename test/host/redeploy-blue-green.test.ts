import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { noHost, useHost } from '../helpers/host.ts';
import { Released } from '../helpers/released.ts';

describe.skipIf(noHost)('redeploy, blue-green', () => {
  const used = useHost();
  let app: Released;
  beforeAll(() => {
    app = new Released(used.host).prepare();
  });
  beforeEach(() => {
    app.reset();
    app.blueGreen();
  });
  afterAll(() => app?.remove());

  const served = async () => {
    const answer = await fetch(`http://${used.host.address}/`, { headers: { connection: 'close' } });
    return `${answer.status} ${(await answer.text()).split(' ')[0]}`;
  };
  const active = () =>
    [8501, 8502].filter(
      (port) => used.host.attempt('systemctl', 'is-active', '-q', `app@${port}`).status === 0,
    );

  /** A connection that stays open, as a WebSocket does: each line is answered by the instance that holds it. */
  async function socket(): Promise<{ ask(line: string): Promise<string>; socket: Socket }> {
    const socket = connect(80, used.host.address);
    await once(socket, 'connect');
    socket.setEncoding('utf8');
    socket.write('GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
    const next = async () => String((await once(socket, 'data'))[0]);
    expect(await next()).toContain('101 Switching Protocols');
    return {
      socket,
      async ask(line) {
        socket.write(`${line}\n`);
        return (await next()).trim();
      },
    };
  }

  it('switches without losing a request, and a WebSocket stays open', async () => {
    app.commit('one');
    const first = await app.redeploy();
    expect(first.stderr + first.stdout).toContain('Released');
    expect(await served()).toBe('200 one');
    const open = await socket();
    expect(await open.ask('before')).toBe('one before');

    const answers: string[] = [];
    let hammering = true;
    const hammer = (async () => {
      while (hammering) {
        answers.push(await served().catch((error: Error) => `lost: ${error.message}`));
        await wait(10);
      }
    })();
    app.commit('two');
    expect((await app.redeploy()).code).toBe(0);
    await wait(200);
    hammering = false;
    await hammer;
    expect(new Set(answers)).toEqual(new Set(['200 one', '200 two']));
    expect(answers.at(-1)).toBe('200 two');

    expect(await open.ask('after')).toBe('one after');
    // The old instance stays for an instant return, and for those who are still connected to it.
    expect(active()).toEqual([8501, 8502]);
    const back = await app.redeploy('rollback');
    expect(back.code).toBe(0);
    expect(await served()).toBe('200 one');
    expect(await open.ask('back')).toBe('one back');
    open.socket.destroy();
  });

  it('never sends a request to a release that is not healthy', async () => {
    app.commit('one');
    await app.redeploy();
    const before = app.current;
    app.commit('bad', { status: 500, extra: 'print("no database", flush=True)' });
    app.blueGreen({ health: { path: '/health', timeout: '5s' } });
    const result = await app.redeploy();
    expect(result.code).toBe(8);
    expect(result.stderr).toContain('no database');
    expect(await served()).toBe('200 one');
    app.blueGreen();
    expect(app.current).toBe(before);
    expect(active()).toHaveLength(1);
    app.commit('good');
    expect((await app.redeploy()).code).toBe(0);
    expect(await served()).toBe('200 good');
  });

  it('goes back from one that dies while it is watched', async () => {
    app.blueGreen({ health: { path: '/health', timeout: '2m', settle: '20s' } });
    app.commit('one');
    await app.run(['redeploy', '--settle', '1s']);
    const dies = 'threading.Timer(3, lambda: (print("out of memory", flush=True), os._exit(3))).start()';
    app.commit('dies', { extra: dies });
    const result = await app.redeploy();
    expect(result.code).toBe(8);
    expect(result.stderr).toContain('out of memory');
    expect(await served()).toBe('200 one');
  });

  it('stops before anything where somebody broke the configuration of nginx', async () => {
    app.commit('one');
    await app.redeploy();
    const before = app.current;
    used.host.write('/etc/nginx/conf.d/broken.conf', 'this is no configuration\n');
    app.commit('two');
    const result = await app.redeploy();
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('The configuration of nginx on the host is broken: nothing was changed.');
    expect(result.stderr).toContain('broken.conf');
    expect(app.current).toBe(before);
    expect(app.releases).toEqual([before]);
    used.host.exec('rm', '/etc/nginx/conf.d/broken.conf');
    expect((await app.redeploy()).code).toBe(0);
    expect(await served()).toBe('200 two');
  });

  it('comes up with what served after a start of the machine', async () => {
    app.commit('one');
    await app.redeploy();
    app.commit('two');
    await app.redeploy();
    const enabled = [8501, 8502].filter(
      (port) => used.host.attempt('systemctl', 'is-enabled', '-q', `app@${port}`).status === 0,
    );
    expect(enabled).toHaveLength(1);
    expect(used.host.read('/etc/nginx/conf.d/infractl-app.conf')).toContain(`127.0.0.1:${enabled[0]};`);
    expect(await served()).toBe('200 two');
  });
});
