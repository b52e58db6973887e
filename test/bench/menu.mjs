// The menu: how soon it is on a terminal, beyond Node's own start, while AWS has not answered anything.
import { createServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { spawn } from '@lydell/node-pty';

const TURNS = 9;

/** Milliseconds from the start of a process on a terminal until it has written a text. */
async function until(args, text, cwd, env) {
  const began = performance.now();
  const screen = spawn(process.execPath, args, { name: 'xterm-256color', cols: 80, rows: 24, cwd, env });
  let written = '';
  let there;
  screen.onData((data) => {
    written += data;
    if (there === undefined && written.includes(text)) there = performance.now() - began;
  });
  let gone = false;
  screen.onExit(() => {
    gone = true;
  });
  while (there === undefined) {
    if (gone) throw new Error(`${args.join(' ')} ended without ${JSON.stringify(text)}:\n${written}`);
    await wait(1);
  }
  screen.kill('SIGKILL');
  return there;
}

/** Milliseconds that the menu takes beyond a Node that writes a word, the median of pairs. AWS stays silent. */
export async function measureMenu(launcher, cwd, env) {
  const silent = createServer(() => {}).listen(0, '127.0.0.1');
  await new Promise((resolve) => silent.once('listening', resolve));
  const asked = { ...env, AWS_ENDPOINT_URL: `http://127.0.0.1:${silent.address().port}` };
  const beyond = [];
  for (let turn = 0; turn <= TURNS; turn++) {
    const node = await until(['-e', 'process.stdout.write("here")'], 'here', cwd, asked);
    const menu = await until([launcher], 'What do you want to do?', cwd, asked);
    // The first turn fills the caches.
    if (turn > 0) beyond.push(menu - node);
  }
  silent.close();
  return beyond.sort((a, b) => a - b)[Math.floor(TURNS / 2)];
}
