import { expect, it } from 'vitest';
import { commandBegan, commandBegins } from '../../../src/lib/cli/command/began.ts';

it('a command begins with its process; one that the menu runs when the menu runs it', () => {
  expect(commandBegan()).toBe(performance.timeOrigin);
  const before = Date.now();
  commandBegins();
  expect(commandBegan()).toBeGreaterThanOrEqual(before);
});
