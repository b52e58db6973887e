import { beforeEach } from 'vitest';
import { account, forgetAll } from './helpers/transcript.ts';

beforeEach(({ task, onTestFailed }) => {
  forgetAll();
  onTestFailed(() => {
    const text = account();
    if (text) process.stderr.write(`\nWhat was run in "${task.name}":\n${text}\n`);
  });
});
