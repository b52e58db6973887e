import { spawnSync } from 'node:child_process';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { launcher } from '../helpers/cli.ts';
import { CTRL_C, ENTER, ProgramPty } from '../helpers/pty.ts';
import { Scene } from '../helpers/trouble.ts';
import { until } from '../helpers/until.ts';

/** What is typed while progress is drawn: the terminal shows none of it, and is put back however the command ends. */

let scene: Scene;
beforeEach(async () => {
  scene = await Scene.open();
});
afterEach(() => scene.close());

/** A shell on a terminal that deploys, then asks the terminal how it is set. */
function shell(): ProgramPty {
  const line = `tty; '${process.execPath}' '${launcher}' deploy --create-stack; echo "exit $?"; stty -a`;
  const env = { ...scene.home.env(), ...scene.fake.env };
  return new ProgramPty('bash', ['-c', line], { cwd: scene.home.work, env });
}

/** Whether the terminal shows what is typed into it. */
function echoes({ text }: ProgramPty): boolean {
  const name = /\/dev\/\S+/.exec(text)?.[0] ?? '';
  const { stdout } = spawnSync('stty', ['-a', '-F', name], { encoding: 'utf8' });
  return / echo /.test(stdout);
}

const linux = it.skipIf(process.platform !== 'linux');

linux('is not shown, does not disturb it, and is shown again at the end', async () => {
  const hold = scene.holdTopic();
  const terminal = shell();
  try {
    await terminal.until('Topic');
    await until(() => !echoes(terminal), terminal);
    terminal.type(`zqzq${ENTER}zqzq`);
    // What was typed lies in the terminal before the stack goes on.
    hold.release();
    await terminal.until('exit 0');
    await terminal.exited;
    expect(terminal.text).not.toContain('zqzq');
    expect(terminal.text).toMatch(/ echo /);
  } finally {
    terminal.kill();
  }
});

linux('is shown again where it asks, and after Ctrl-C', async () => {
  scene.holdTopic();
  const terminal = shell();
  try {
    await terminal.until('Topic');
    await until(() => !echoes(terminal), terminal);
    terminal.type(CTRL_C);
    await terminal.until('What becomes of it?');
    terminal.type(ENTER);
    await terminal.until('exit 130');
    await terminal.exited;
    expect(terminal.text).toMatch(/ echo /);
  } finally {
    terminal.kill();
  }
});
