import { afterEach, describe, expect, it } from 'vitest';
import { launcher } from '../../../src/lib/cli/launcher.ts';

const FILE = Symbol.for('infractl.file');
const place = globalThis as Record<symbol, unknown>;
afterEach(() => {
  delete place[FILE];
});

describe('what a crontab starts', () => {
  it('is the launcher of the package', () => {
    expect(launcher('/opt/infractl')).toEqual([process.execPath, '/opt/infractl/bin/run.js']);
  });

  it('is the single file where it runs from one, not what was unpacked of it', () => {
    place[FILE] = '/home/me/bin/infractl';
    expect(launcher('/home/me/.cache/infractl/single/1')).toEqual([
      process.execPath,
      '/home/me/bin/infractl',
    ]);
  });
});
