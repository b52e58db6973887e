import type { Machine } from '../../src/lib/cron/index.ts';

/** What others have in the crontab. */
export const OTHERS = '17 4 * * * /bin/true\n';

/** A machine in UTC, in winter: files, a crontab, and a systemd that knows of a unit file what it read at its last reload. */
export class Computer implements Machine {
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
    if (command === 'env') return answer(0, /TZ='Europe\/Paris' date/.test(unit) ? '+0100\n' : '+0000\n');
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
