import { CTRL_C, ENTER } from '../../test/helpers/pty.ts';
import { until } from '../../test/helpers/until.ts';
import { elided, type Typist } from './stage.ts';

/** The menu, which has kept what was chosen the last time. */
export async function menu(who: Typist): Promise<string> {
  await chosen(who);
  const { pty, screen } = who.terminal([], { rows: 28 });
  await pty.until(/ Again/);
  const now = () => screen().slice(screen().lastIndexOf('my-auth · dev'));
  await until(() => now().includes('Ctrl-C leaves') && !now().includes('Looking at AWS'), pty);
  const shown = now();
  pty.type(CTRL_C);
  await pty.exited;
  return shown;
}

async function chosen(who: Typist): Promise<void> {
  const { pty } = who.terminal([], { rows: 28 });
  await pty.until('What do you want to do?');
  pty.type('doc');
  await pty.until(/❯ doctor/);
  pty.type(ENTER);
  await pty.until('infractl doctor [options]');
  pty.type(ENTER);
  await pty.until(/not right|All is well/);
  await pty.until(/That was: infractl doctor[\s\S]*What do you want to do\?/);
  pty.type(CTRL_C);
  await pty.exited;
}

/** `rollback`, which asks. */
export async function rolledBack(who: Typist): Promise<string> {
  const { pty, screen } = who.terminal(['rollback', '--sandbox'], { columns: 300, rows: 60 });
  await pty.until('Go back?');
  pty.type(`y${ENTER}`);
  await pty.exited;
  return `$ infractl rollback --sandbox\n${elided(screen(), [/^(?!(app|registry)\.)/])}`;
}

/** One screen of everything, left with `q`. */
export async function dashboard(who: Typist): Promise<string> {
  const { pty, screen } = who.terminal(['monitoring', 'dashboard']);
  // A frame may have come by half.
  let before = '';
  await until(() => {
    const now = screen();
    const whole = now === before;
    before = now;
    return whole && /calls/.test(now) && !/asking…/.test(now);
  }, pty);
  const shown = screen();
  pty.type('q');
  await pty.exited;
  return shown;
}

const CONTINUOUS = 'infractl monitoring continuous --exit-on alarm --for 10m --interval 2s';

/** Watching, until something goes off. */
export async function continuous(who: Typist, setOff: () => Promise<unknown>): Promise<string> {
  const watching = who.start(CONTINUOUS);
  await until(() => watching.output().includes('all good'), watching);
  await setOff();
  return `$ ${CONTINUOUS}\n${(await watching.ended).text}`;
}

/** Two logs that get a line each, three times, followed by Live Tail. */
export async function live(
  who: Typist,
  log: (group: 'a' | 'b', line: string) => Promise<void> | void,
): Promise<string> {
  const { pty, screen } = who.terminal(['logs', '/demo/', '--live'], { columns: 120 });
  await pty.until('Ctrl-C ends it');
  for (let n = 0; n < 3; n++)
    for (const group of ['a', 'b'] as const) {
      await log(group, `line ${n} of /demo/${group}`);
      await pty.until(`line ${n} of /demo/${group}`);
    }
  const shown = elided(screen(), [/./]);
  pty.type(CTRL_C);
  await pty.exited;
  return `$ infractl logs /demo/ --live\n${shown}`;
}
