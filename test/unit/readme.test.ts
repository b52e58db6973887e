import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { Exit } from '../../src/lib/base/errors.ts';
import { SANDBOX_LIMITS } from '../../src/lib/sandbox/limits.ts';

const root = path.resolve(import.meta.dirname, '../..');
const readme = readFileSync(path.join(root, 'README.md'), 'utf8');

/** The actions that the code names when it calls AWS. */
function calledActions(): string[] {
  const folder = path.join(root, 'src/lib/aws');
  const found = new Set<string>();
  for (const file of readdirSync(folder)) {
    const text = readFileSync(path.join(folder, file), 'utf8');
    for (const [, action] of text.matchAll(/'((?!aws:)[a-z0-9]+:[A-Z][A-Za-z]+)'/g))
      found.add(action as string);
    if (file !== 'lambda.ts') continue;
    for (const [, action] of text.matchAll(/\b(?:ask|maybe)\('([A-Za-z]+)'/g)) found.add(`lambda:${action}`);
  }
  return [...found].sort();
}

describe('the README', () => {
  it('lists every action that credentials need', () => {
    const rows = new Map<string, Set<string>>();
    for (const [, service, cell] of readme.matchAll(/^\| `([a-z0-9]+)`[^|]*\| (`[A-Z][^|]*) \|$/gm)) {
      rows.set(
        service as string,
        new Set([...(cell as string).matchAll(/`(\w+)`/g)].map(([, name]) => name ?? '')),
      );
    }
    const called = calledActions();
    expect(called.length).toBeGreaterThan(30);
    const missing = called.filter((action) => {
      const [service = '', name = ''] = action.split(':');
      return !rows.get(service)?.has(name);
    });
    expect(missing).toEqual([]);
  });

  it('explains every exit code', () => {
    const explained = [...readme.matchAll(/^\| +(\d+) \|/gm)].map(([, code]) => Number(code));
    expect(explained).toEqual(Object.values(Exit));
  });

  it('says what the sandbox cannot do, as `sandbox status` does', () => {
    for (const limit of SANDBOX_LIMITS) expect(readme).toContain(`\n- ${limit}\n`);
  });

  it('names files that are there', () => {
    for (const [, file] of readme.matchAll(/\]\(([^):#]+)\)/g)) {
      expect(existsSync(path.join(root, file as string)), file).toBe(true);
    }
  });
});
