import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { gitFacts, parseStatus } from '../../../src/lib/base/git.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'infractl-git-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const env = { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' };
const git = (...args: string[]) =>
  execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], {
    cwd: folder,
    env,
    encoding: 'utf8',
  }).trim();

describe('gitFacts', () => {
  it('gives commit, branch and whether something is not committed, from a folder inside', async () => {
    git('init', '-q', '-b', 'main');
    expect(await gitFacts(folder, env)).toBeUndefined();
    writeFileSync(join(folder, 'a'), '1');
    git('add', 'a');
    git('commit', '-qm', 'one');
    const commit = git('rev-parse', 'HEAD');
    mkdirSync(join(folder, 'deep/er'), { recursive: true });
    expect(await gitFacts(join(folder, 'deep/er'), env)).toEqual({ commit, branch: 'main', dirty: false });
    writeFileSync(join(folder, 'b'), '2');
    expect(await gitFacts(folder, env)).toEqual({ commit, branch: 'main', dirty: true });
    rmSync(join(folder, 'b'));
    git('checkout', '-q', '--detach');
    expect(await gitFacts(folder, env)).toEqual({ commit, dirty: false });
  });

  it('starts no git where there is no repository, and does without git', async () => {
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    const trace = join(folder, 'called');
    writeFileSync(join(bin, 'git'), `#!/bin/sh\necho x >> ${trace}\nexit 1\n`, { mode: 0o755 });
    const outside = join(folder, 'outside');
    mkdirSync(outside);
    expect(await gitFacts(outside, { ...env, PATH: bin })).toBeUndefined();
    expect(() => execFileSync('cat', [trace], { stdio: 'pipe' })).toThrow();
    mkdirSync(join(outside, '.git'));
    expect(await gitFacts(outside, { ...env, PATH: `${bin}:/bin:/usr/bin` })).toBeUndefined();
    expect(execFileSync('cat', [trace], { encoding: 'utf8' })).toBe('x\n');
    expect(await gitFacts(outside, { ...env, PATH: '/nonexistent' })).toBeUndefined();
  });

  it('reads no commit out of what is none', () => {
    expect(parseStatus('# branch.oid (initial)\n# branch.head main\n')).toBeUndefined();
    expect(parseStatus('')).toBeUndefined();
  });
});
