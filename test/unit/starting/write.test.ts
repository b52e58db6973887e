import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { planFiles, type Start, startFromWords, writeFiles } from '../../../src/lib/starting/index.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'infractl-start-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const put = (name: string, text: string) => {
  mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
  writeFileSync(path.join(folder, name), text);
};
const read = (name: string) => readFileSync(path.join(folder, name), 'utf8');
const all = () => readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
const start = (): Start => ({
  ...startFromWords({ project: 'shop', environments: ['dev'], hosts: [] }),
  files: [{ path: 'infra/app.yaml', text: 'theirs' }],
  secrets: [{ variable: 'A', environment: undefined, value: 'a' }],
});

describe('planFiles and writeFiles', () => {
  it('write into a folder that holds other things, secrets for their owner alone', async () => {
    put('notes.txt', 'mine');
    await writeFiles(planFiles(folder, start()), async () => {});
    expect(all()).toEqual([
      '.env.secrets',
      '.gitignore',
      'infra',
      'infra/app.yaml',
      'infractl.yaml',
      'notes.txt',
    ]);
    expect(statSync(path.join(folder, '.env.secrets')).mode & 0o777).toBe(0o600);
    expect(read('.gitignore')).toContain('.env.secrets\n');
  });

  it('refuse every file that is in the way, by name', () => {
    put('infra/app.yaml', 'mine');
    put('infractl.yml', 'mine');
    expect(() => planFiles(folder, start())).toThrow('infra/app.yaml and infractl.yml are here already');
  });

  it('leave secrets and a .gitignore that are there as they are, and say what they lack', async () => {
    put('.env.secrets', 'MINE=1');
    put('.gitignore', 'mine');
    const plan = planFiles(folder, start());
    expect(plan.remarks.join('\n')).toMatch(/\.env\.secrets is here already.*: A\.\n.*\.gitignore/s);
    await writeFiles(plan, async () => {});
    expect([read('.env.secrets'), read('.gitignore')]).toEqual(['MINE=1', 'mine']);
  });

  it('write nothing where the check fails, or where a file came up since', async () => {
    const plan = planFiles(folder, start());
    await expect(writeFiles(plan, () => Promise.reject(new Error('no')))).rejects.toThrow(
      'could not be written',
    );
    expect(all()).toEqual([]);
    put('infractl.yaml', 'mine');
    await expect(writeFiles(plan, async () => {})).rejects.toMatchObject({
      code: 'ProjectNotWritten',
      why: 'Something was put there meanwhile.',
    });
    expect(all()).toEqual(['infractl.yaml']);
    expect(read('infractl.yaml')).toBe('mine');
  });
});
