import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { noHost, useHost } from '../helpers/host.ts';
import { Released } from '../helpers/released.ts';

/** One story: what serves changes its strategy, and a client asks all the time. */
describe.skipIf(noHost)('redeploy, when the strategy changes', { timeout: 300_000 }, () => {
  const used = useHost();
  let app: Released;
  let one = '';
  beforeAll(() => {
    app = new Released(used.host, 0.2).prepare();
    app.reset();
  });
  afterAll(() => app?.remove());

  const served = async () => {
    const answer = await fetch(`http://${used.host.address}/`, { headers: { connection: 'close' } });
    return `${answer.status} ${(await answer.text()).split(' ')[0]}`;
  };
  const has = (state: 'is-active' | 'is-enabled') =>
    used.host
      .sh(
        `for unit in app $(ls /srv/app/slots | sed 's/^/app@/') app@8501 app@8502; do systemctl ${state} -q $unit && echo $unit; done | sort -u`,
      )
      .split('\n')
      .filter(Boolean);

  /** What a client got while something was done. */
  async function meanwhile(work: () => Promise<unknown>): Promise<string[]> {
    const answers: string[] = [];
    let asking = true;
    const client = (async () => {
      while (asking) {
        answers.push(await served().catch((error: Error) => `lost: ${error.message}`));
        await wait(20);
      }
    })();
    await work();
    asking = false;
    await client;
    answers.push(await served());
    return [...new Set(answers)];
  }

  it('from restart to blue-green: the old one serves until the new one is healthy, and is stopped then', async () => {
    app.configure();
    app.commit('one');
    expect(await app.redeploy()).toMatchObject({ code: 0 });
    used.host.exec('systemctl', 'enable', '-q', 'app');
    one = app.current;
    app.blueGreen();
    app.commit('two');
    expect(await meanwhile(async () => expect(await app.redeploy()).toMatchObject({ code: 0 }))).toEqual([
      '200 one',
      '200 two',
    ]);
    expect(has('is-active')).toEqual(['app@8502']);
    expect(has('is-enabled')).toEqual(['app@8502']);
  });

  it('goes back to what the other strategy had released, on the port that it left', async () => {
    const went = await meanwhile(async () =>
      expect(await app.redeploy('rollback', one)).toMatchObject({ code: 0 }),
    );
    expect(went).toEqual(['200 two', '200 one']);
    expect(has('is-enabled')).toEqual(['app@8501']);
  });

  it('from blue-green to restart: one that is not healthy changes nothing', async () => {
    const before = await served();
    app.configure();
    app.commit('bad', { extra: 'sys.exit(3)' });
    const seen = await meanwhile(async () => {
      const bad = await app.redeploy();
      expect(bad).toMatchObject({ code: 8 });
      expect(bad.stderr).toContain('serves, as before.');
    });
    expect(seen).toEqual([before]);
    expect(has('is-active')).toContain('app@8501');
    expect(has('is-active')).not.toContain('app');
  });

  it('from blue-green to restart: no request is lost, and no instance is left', async () => {
    const before = await served();
    app.configure();
    app.commit('four');
    const seen = await meanwhile(async () => expect(await app.redeploy()).toMatchObject({ code: 0 }));
    expect(seen).toEqual([before, '200 four']);
    expect(has('is-active')).toEqual(['app']);
    expect(has('is-enabled')).toEqual(['app']);
    expect(used.host.sh('ls /srv/app/slots')).toBe('');
    expect(await app.redeploy('rollback')).toMatchObject({ code: 0 });
    expect(await served()).toBe(before);
  });
});
