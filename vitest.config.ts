import { defineConfig } from 'vitest/config';
import { SlowestFirst } from './test/sequencer.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Real processes, containers and emulators: two at a time is what a small machine can do.
    pool: 'forks',
    maxWorkers: 2,
    // For what hangs, never for what is slow: longer than anything in a test waits for something.
    testTimeout: 180_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 60_000, interval: 50 } },
    setupFiles: ['test/setup.ts'],
    sequence: { sequencer: SlowestFirst },
    // Tests must not see the AWS, the editor or the colours of whoever runs them.
    env: {
      AWS_CONFIG_FILE: '/nonexistent/config',
      AWS_SHARED_CREDENTIALS_FILE: '/nonexistent/credentials',
      AWS_EC2_METADATA_DISABLED: 'true',
      NO_COLOR: '1',
    },
  },
});
