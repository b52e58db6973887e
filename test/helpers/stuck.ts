import type { Behaviour } from '../fake/cloudformation-state.ts';
import { Hold } from '../fake/hold.ts';
import type { Fake } from '../fake/server.ts';
import { DOWN, ENTER, type ProgramPty } from './pty.ts';

/** Stacks that take their time, or cannot be taken back. */

/** In the fake AWS: the next work on the stack's topic is not done before it is released. */
export function holdTopic(fake: Fake, scripted: Omit<Behaviour, 'ms'> = {}): Hold {
  const hold = new Hold();
  fake.state.cloudFormation.script.set('Topic', { ...scripted, ms: hold });
  return hold;
}

/** Answers the question that a stuck stack raises on a terminal: a resource is skipped, by its name. */
export async function skip(pty: ProgramPty, name: string): Promise<void> {
  await pty.until('How does it go on?');
  pty.type(DOWN);
  await pty.until(/❯ Try again to take all of it back/);
  pty.type(DOWN);
  await pty.until(/❯ Skip resources by name/);
  pty.type(ENTER);
  await pty.until(`Which (${name}):`);
  pty.type(name);
  await pty.until(`Which (${name}): ${name}`);
  pty.type(ENTER);
}
