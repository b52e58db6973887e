#!/usr/bin/env node
// Builds, then runs: for work on infractl itself.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

execFileSync(process.execPath, [fileURLToPath(new URL('../scripts/build.mjs', import.meta.url)), '--quiet'], {
  stdio: ['ignore', 'inherit', 'inherit'],
});
await import('./run.js');
