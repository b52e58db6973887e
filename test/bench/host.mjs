// Releases on a real host: how soon requests go to a new one, and what a client loses meanwhile.
import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { noHost, TestHost } from '../helpers/host.ts';
import { appText, Released } from '../helpers/released.ts';

/** How often a client asks, in milliseconds. */
const EVERY = 10;
const ROUNDS = 3;

/** Asks until it is told to stop; how many were not answered, and the longest time without an answer. */
function hammer(url) {
  let lost = 0;
  let longest = 0;
  let last = performance.now();
  let running = true;
  const one = async () => {
    // A connection that was kept, and closed while this process was busy with a command, would look like a loss.
    const asked = fetch(url, { headers: { connection: 'close' }, signal: AbortSignal.timeout(5000) });
    const good = await asked.then(
      async (answer) => {
        await answer.text();
        return answer.status === 200;
      },
      () => false,
    );
    if (!good) lost++;
    else {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }
  };
  const ended = (async () => {
    while (running) {
      await Promise.all([one(), wait(EVERY)]);
    }
  })();
  return async () => {
    running = false;
    await ended;
    return { lost, longest: longest / 1000 };
  };
}

const least = (values) => Math.min(...values);

/** KiB that travel to the host, and seconds until the switch, when one file of a folder of 50 MB has changed. */
async function changedFolder(app, more) {
  for (let number = 0; number < 1000; number++)
    app.put(`folder/${number % 20}/${number}`, randomBytes(25_000).toString('hex'));
  app.put('folder/app.py', appText('folder'));
  app.configure({ ...more, source: { folder: 'folder' } });
  await app.redeploy();
  app.put('folder/7/7', randomBytes(25_000).toString('hex'));
  const { stdout } = await app.redeploy('deploy', '--json');
  const [, sent, unit] = /1 of 1001 files differed: ([\d.]+) (\w+) sent/.exec(stdout) ?? [];
  if (unit !== 'KiB') throw new Error(stdout);
  return {
    sent: Number(sent),
    seconds: JSON.parse(stdout.trim().split('\n').at(-1)).hosts[0].switchedAfter / 1000,
  };
}

/**
 * Seconds, the best of three. Undefined where no test host can be made here.
 *
 * `ownStart` is what the application takes from its start to its first answer.
 */
export async function measureHost() {
  if (noHost) return undefined;
  const host = await TestHost.start();
  const app = new Released(host).prepare();
  try {
    const result = async (...args) => {
      const { code, stdout, stderr } = await app.redeploy(...args, '--json');
      if (code !== 0) throw new Error(stderr + stdout);
      return JSON.parse(stdout.trim().split('\n').at(-1)).hosts[0].switchedAfter / 1000;
    };
    const logins = () =>
      Number(host.sh('journalctl -u ssh -o cat --no-pager | grep -c "Accepted publickey" || true'));
    const strategy = async (port) => {
      const [deploys, rollbacks, lost, gaps] = [[], [], [], []];
      app.commit('first');
      await result('deploy');
      await wait(500);
      for (let round = 0; round < ROUNDS; round++) {
        app.commit(`round ${round}`);
        const stop = hammer(`http://${host.address}:${port}/`);
        deploys.push(await result('deploy'));
        const seen = await stop();
        lost.push(seen.lost);
        gaps.push(seen.longest);
        rollbacks.push(await result('rollback'));
      }
      return {
        deploy: least(deploys),
        rollback: least(rollbacks),
        lost: Math.max(...lost),
        gap: least(gaps),
      };
    };
    const slow = { health: { path: '/health', timeout: '20s', settle: '1s' } };
    app.blueGreen(slow);
    const before = logins();
    await app.redeploy('status');
    const connections = logins() - before;
    const blueGreen = await strategy(80);
    app.reset();
    app.configure(slow);
    host.write('/etc/nginx/conf.d/infractl-app.conf', 'upstream app { server 127.0.0.1:8501; }\n');
    const restart = await strategy(80);
    const folder = await changedFolder(app, slow);
    app.reset();
    app.configure(slow);
    await result('deploy');
    const began = performance.now();
    host.sh('systemctl restart app; until curl -sf -o /dev/null http://127.0.0.1:8501/; do sleep 0.01; done');
    return { connections, blueGreen, restart, folder, ownStart: (performance.now() - began) / 1000 };
  } finally {
    app.remove();
    host.remove();
  }
}
