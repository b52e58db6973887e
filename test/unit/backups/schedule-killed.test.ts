import { describe, expect, it } from 'vitest';
import { type Entry, parseMoment } from '../../../src/lib/backups/schedule/entry.ts';
import { type Engine, install, uninstall } from '../../../src/lib/backups/schedule/schedule.ts';
import type { Machine } from '../../../src/lib/cron/index.ts';

/** A schedule on a machine, installed and taken away by a process that is killed at each of its steps. */

const OTHERS = '17 4 * * * /bin/true\n';
const entry: Entry = {
  name: 'mbot-prod',
  folder: '/srv/mbot',
  argv: ['/usr/bin/node', '/opt/infractl/bin/run.js', 'backup', 'auto'],
  at: parseMoment('02:00'),
  log: '/root/.local/state/infractl/backup-mbot-prod.log',
};
const later: Entry = { ...entry, at: parseMoment('03:30') };

/** Files, a crontab, and a systemd that knows of a unit file what it read at its last reload. */
class Computer implements Machine {
  readonly root = true;
  readonly home = '/root';
  readonly user = 'root';
  readonly files = new Map<string, string>();
  crontab = OTHERS;
  loaded = new Map<string, string>();
  readonly enabled = new Set<string>();
  steps = 0;
  /** After so many steps that change something the process is dead. */
  dies = Number.POSITIVE_INFINITY;

  #step(change: () => void): void {
    if (this.steps >= this.dies) throw new Error('killed');
    this.steps++;
    change();
  }

  async run(command: string, args: readonly string[]) {
    const answer = (exitCode: number, stdout = '', stderr = '') =>
      ({ exitCode, stdout, stderr }) as Awaited<ReturnType<Machine['run']>>;
    const [verb = '', ...more] = args;
    const unit = more.at(-1) ?? '';
    if (command === 'crontab') {
      if (verb === '-l') return answer(0, this.crontab);
      const text = this.files.get(verb);
      if (text === undefined) return answer(1, '', `${verb}: No such file or directory`);
      this.#step(() => {
        this.crontab = text;
      });
      return answer(0);
    }
    if (verb === 'daemon-reload')
      this.#step(() => {
        this.loaded = new Map(this.files);
      });
    else if (!this.files.has(`/etc/systemd/system/${unit}`)) return answer(1, '', `${unit} does not exist`);
    else this.#step(() => void (verb === 'enable' ? this.enabled.add(unit) : this.enabled.delete(unit)));
    return answer(0);
  }

  read = (file: string) => this.files.get(file);
  exists = (file: string) => this.files.has(file);
  write = (file: string, text: string) => this.#step(() => void this.files.set(file, text));
  remove = (file: string) => this.#step(() => void this.files.delete(file));
  makeFolder(): void {}

  /** Everything that counts of it: a private copy of the crontab goes with the next write. */
  get whole() {
    const units = (files: ReadonlyMap<string, string>) =>
      [...files].filter(([file]) => file.startsWith('/etc/systemd/')).sort();
    return {
      crontab: this.crontab,
      files: units(this.files),
      loaded: units(this.loaded),
      enabled: [...this.enabled],
    };
  }
}

const installed = async (engine: Engine, one: Entry) => {
  const computer = new Computer();
  await install(computer, engine, one);
  return computer;
};

describe.each(['systemd', 'cron'] as const)('a schedule by %s, killed at each step', (engine) => {
  const cases = [
    ['installed', async () => new Computer(), (one: Computer) => install(one, engine, later)],
    ['changed', () => installed(engine, entry), (one: Computer) => install(one, engine, later)],
    ['taken away', () => installed(engine, entry), (one: Computer) => uninstall(one, entry.name)],
  ] as const;

  it.each(cases)('%s: installed again it is whole; taken away nothing is left', async (_, prepared, work) => {
    const measured = await prepared();
    const before = measured.steps;
    await work(measured);
    const steps = measured.steps - before;
    expect(steps).toBeGreaterThan(1);
    const wanted = (await installed(engine, later)).whole;
    for (let at = 0; at < steps; at++) {
      const dead = async () => {
        const computer = await prepared();
        computer.dies = computer.steps + at;
        await expect(work(computer)).rejects.toThrow('killed');
        computer.dies = Number.POSITIVE_INFINITY;
        expect(computer.crontab.startsWith(OTHERS)).toBe(true);
        return computer;
      };
      const again = await dead();
      await install(again, engine, later);
      expect(again.whole, `installed after ${at}`).toEqual(wanted);
      const gone = await dead();
      await uninstall(gone, entry.name);
      const { crontab, files, enabled } = gone.whole;
      expect([crontab, files, enabled], `taken away after ${at}`).toEqual([OTHERS, [], []]);
    }
  });
});
