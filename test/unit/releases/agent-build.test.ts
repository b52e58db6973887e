import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const agent = path.join(import.meta.dirname, '../../../src/lib/releases/agent');
/** All of the agent but what reads an order and carries it out. */
const SOURCE = ['1_base', '2_place', '3_folder', '3_source', '4_build']
  .map((name) => readFileSync(path.join(agent, `${name}.py`), 'utf8'))
  .join('\n');

/** What root does with what the build of another user has left. */
describe('a build of a user who is not to be trusted with more', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(path.join(tmpdir(), 'infractl-agent-'));
    mkdirSync(path.join(root, 'elsewhere'));
    writeFileSync(path.join(root, 'elsewhere/passwd'), 'root');
    mkdirSync(path.join(root, 'app/releases/one'), { recursive: true });
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  /** Runs a line of Python with a release at hand; what it ended with. */
  function ends(line: string, shared: readonly string[] = []): string {
    const program = `${SOURCE}
order = dict(path=${JSON.stringify(path.join(root, 'app'))}, by="test", shared=${JSON.stringify(shared)}, buildTimeout=60)
place = Place(order)
place.prepare()
folder = os.path.join(place.releases, "one")
try:
    ${line}
    print("END done")
except (Refused, OSError) as error:
    print("END " + str(error))`;
    const said = execFileSync('python3', ['-c', program], { encoding: 'utf8' });
    return /^END (.*)$/m.exec(said)?.[1] ?? said;
  }
  const elsewhere = () => readFileSync(path.join(root, 'elsewhere/passwd'), 'utf8');

  it('leads root to no file by a link in the place of a mark', () => {
    writeFileSync(path.join(root, 'app/releases/one/requirements.txt'), '');
    const build = `mkdir %(to)s && ln -s ${root}/elsewhere/passwd %(to)s/.infractl-complete`;
    const line = `cached(place, folder, None, dict(os.environ), ".venv", ["requirements.txt"], ${JSON.stringify(build)}, order)`;
    expect(ends(line)).not.toBe('done');
    expect(elsewhere()).toBe('root');
  });

  it('leads root out of the release by no link on the way to what is shared', () => {
    symlinkSync(path.join(root, 'elsewhere'), path.join(root, 'app/releases/one/data'));
    expect(ends('link_shared(place, order, folder)', ['data/passwd'])).toContain(
      'data/passwd leads out of the release',
    );
    expect(elsewhere()).toBe('root');
  });

  it('may have folders and links of its own', () => {
    mkdirSync(path.join(root, 'app/releases/one/var/data'), { recursive: true });
    writeFileSync(path.join(root, 'app/releases/one/var/data/a'), 'kept');
    symlinkSync('var', path.join(root, 'app/releases/one/link'));
    expect(ends('link_shared(place, order, folder)', ['link/data', 'log'])).toBe('done');
    expect(readFileSync(path.join(root, 'app/releases/one/var/data/a'), 'utf8')).toBe('kept');
    expect(readFileSync(path.join(root, 'app/shared/link/data/a'), 'utf8')).toBe('kept');
  });
});
