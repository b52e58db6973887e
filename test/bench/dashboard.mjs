// The screen of `monitoring dashboard`: how soon its frame is there, and what it takes while nothing happens.
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { spawn } from '@lydell/node-pty';

const IDLE_SECONDS = 30;
/** What Linux counts the processor's time in: a hundredth of a second. */
const TICKS = 100;

function open(launcher, cwd, env) {
  const began = performance.now();
  const screen = spawn(process.execPath, [launcher, 'monitoring', 'dashboard', '--sandbox'], {
    name: 'xterm-256color',
    cols: 120,
    rows: 40,
    cwd,
    env,
  });
  let text = '';
  let painted;
  screen.onData((data) => {
    text += data;
    if (painted === undefined && text.replace(/\u001B\[[0-9;?]*[A-Za-z]/g, '').includes('─ Alarms'))
      painted = (performance.now() - began) / 1000;
  });
  const first = async () => {
    while (painted === undefined) await wait(5);
    return painted;
  };
  return { screen, first };
}

const processor = (pid) => {
  const facts = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(facts[11]) + Number(facts[12])) / TICKS;
};

/**
 * Seconds to the first frame, the best of three; percent of a core while it idles, and MiB then. Undefined where
 * there is no /proc to read them from.
 */
export async function measureDashboard(launcher, cwd, env) {
  if (process.platform !== 'linux') return undefined;
  const paints = [];
  for (let turn = 0; turn < 3; turn++) {
    const { screen, first } = open(launcher, cwd, env);
    paints.push(await first());
    screen.kill('SIGKILL');
  }
  const { screen, first } = open(launcher, cwd, env);
  await first();
  await wait(5_000);
  const before = processor(screen.pid);
  await wait(IDLE_SECONDS * 1000);
  const busy = processor(screen.pid) - before;
  const memory = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${screen.pid}/status`, 'utf8'))[1]) / 1024;
  screen.kill('SIGKILL');
  return { paint: Math.min(...paints), idle: (busy / IDLE_SECONDS) * 100, memory };
}
