// How long after an event can be read `infractl logs --follow` has printed it: twenty groups, the built command line
// against the fake AWS of the tests with the limits that AWS publishes, on real time.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { realClock } from '../fake/clock.ts';
import { startFake } from '../fake/server.ts';

const GROUPS = 20;
/** Milliseconds: until the rate is learnt, as long as events are written, one each, and at most until the last is shown. */
const LEARNING = 12_000;
const WRITING = 20_000;
const EACH = 125;
const SHOWING = 10_000;

/**
 * @param launcher of infractl
 * @param rate calls of FilterLogEvents a second that the fake takes
 * @returns {Promise<number>} the longest that an event waited, in seconds
 */
export async function followLogs(launcher, rate) {
  const home = mkdtempSync(path.join(tmpdir(), 'infractl-bench-follow-'));
  const fake = await startFake({ clock: realClock() });
  const { groups } = fake.state.logs;
  for (let group = 0; group < GROUPS; group++) groups.set(`/bench/${group}`, []);
  // https://docs.aws.amazon.com/general/latest/gr/cwl_region.html
  fake.buckets.limit([
    ['logs:FilterLogEvents', { capacity: 25, refill: rate }],
    ['logs:GetLogEvents', { capacity: 10, refill: 10 }],
    ['logs:DescribeLogStreams', { capacity: 25, refill: 25 }],
  ]);
  const child = spawn(process.execPath, [launcher, 'logs', '/bench/', '--follow', '--json'], {
    cwd: home,
    env: { PATH: process.env.PATH, HOME: home, ...fake.env },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const ended = new Promise((resolve) => child.on('close', resolve));
  try {
    const readable = new Map();
    let longest = 0;
    createInterface({ input: child.stdout }).on('line', (line) => {
      const { message } = JSON.parse(line);
      if (!readable.has(message)) return;
      longest = Math.max(longest, Date.now() - readable.get(message));
      readable.delete(message);
    });
    await sleep(LEARNING);
    const began = Date.now();
    for (let step = 0; step * EACH < WRITING; step++) {
      await sleep(Math.max(0, began + step * EACH - Date.now()));
      const at = Date.now();
      const event = { at, message: `event ${step}`, readable: at + (step % 5) * 150 };
      groups.get(`/bench/${(step * 7) % GROUPS}`).push(event);
      readable.set(event.message, event.readable);
    }
    const latest = Date.now() + SHOWING;
    while (readable.size > 0 && Date.now() < latest && child.exitCode === null) await sleep(100);
    if (readable.size > 0) throw new Error(`infractl logs --follow did not show ${readable.size} events`);
    return longest / 1000;
  } finally {
    child.kill('SIGINT');
    await ended;
    await fake.close();
    rmSync(home, { recursive: true, force: true });
  }
}
