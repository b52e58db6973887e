import { dirname, join } from 'node:path';
import { InfractlError } from '../../base/errors.ts';
import {
  cronLine,
  glanceAtCrontab,
  type Machine,
  noCron,
  readCrontab,
  runBare,
  shellLine,
  tryLine,
  withLine,
  withoutLine,
  writeCrontab,
} from '../../cron/index.ts';
import { cronMark, type Entry, entryLine } from './entry.ts';
import { serviceUnit, systemctl, timerUnit, unitFolder, unitName } from './systemd.ts';

export type Engine = 'systemd' | 'cron';

/** What is installed for one project and environment on this machine. */
export interface ScheduleState {
  readonly engine: Engine | null;
  /** The line of the crontab, or the OnCalendar of the timer. */
  readonly entry: string | null;
  readonly next: string | null;
  readonly last: string | null;
  /** How the last run ended, as far as it is known. */
  readonly result: string | null;
}

/**
 * The engine of this machine: systemd where it runs, else cron.
 *
 * @throws InfractlError `NoScheduler`, `NoSystemd`, `NoCron`
 */
export async function chooseEngine(machine: Machine, wanted: Engine | 'auto'): Promise<Engine> {
  const systemd =
    machine.exists('/run/systemd/system') && (await systemctl(machine, ['is-system-running'])) !== undefined;
  if (wanted === 'systemd' && !systemd) {
    throw new InfractlError({
      code: 'NoSystemd',
      message: 'systemd does not run on this machine.',
      suggestions: ['Use --engine cron.'],
    });
  }
  if (systemd && wanted !== 'cron') return 'systemd';
  if ((await machine.run('crontab', ['-l'])) !== undefined) return 'cron';
  throw noCron(wanted === 'cron' ? 'NoCron' : 'NoScheduler');
}

/**
 * Runs the entry's command once, without changing anything, in the bare environment that cron gives it.
 *
 * @throws InfractlError `TrialFailed`: what it printed is the reason
 */
export async function tryEntry(machine: Machine, entry: Entry): Promise<void> {
  await tryLine(machine, `${shellLine(entry)} --dry-run`);
}

/**
 * Installs the entry, in place of one of the same name, also where the other engine has that: two would run at the
 * same time. Returns whether something changed.
 */
export async function install(machine: Machine, engine: Engine, entry: Entry): Promise<boolean> {
  if (engine === 'cron') {
    const changed = await writeEntry(machine, entry);
    return (await removeTimer(machine, entry.name)) || changed;
  }
  const changed = await writeUnits(machine, entry);
  return (await removeLine(machine, entry.name)) || changed;
}

async function writeEntry(machine: Machine, entry: Entry): Promise<boolean> {
  const before = await readCrontab(machine);
  const after = withLine(before, entryLine(entry));
  // cron's redirection makes the file, not its folder.
  machine.makeFolder(dirname(entry.log));
  if (after !== before) await writeCrontab(machine, after);
  return after !== before;
}

async function writeUnits(machine: Machine, entry: Entry): Promise<boolean> {
  const files = unitFiles(machine, entry.name);
  const units = [
    [files.service, serviceUnit(entry)],
    [files.timer, timerUnit(entry)],
  ] as const;
  const changed = units.filter(([file, text]) => machine.read(file) !== text);
  for (const [file, text] of changed) machine.write(file, text);
  // Also where nothing changed: what wrote the files may have been killed before it came to this.
  await must(machine, ['daemon-reload']);
  await must(machine, ['enable', '--now', `${unitName(entry.name)}.timer`]);
  return changed.length > 0;
}

/** Takes away what was installed by either engine. Returns whether there was anything. */
export async function uninstall(machine: Machine, name: string): Promise<boolean> {
  const timer = await removeTimer(machine, name);
  return (await removeLine(machine, name)) || timer;
}

async function removeTimer(machine: Machine, name: string): Promise<boolean> {
  const files = unitFiles(machine, name);
  const timer = machine.exists(files.timer);
  if (timer) await must(machine, ['disable', '--now', `${unitName(name)}.timer`]);
  // Alone it is what a run left that was killed.
  if (!timer && !machine.exists(files.service)) return false;
  machine.remove(files.timer);
  machine.remove(files.service);
  await must(machine, ['daemon-reload']);
  return true;
}

async function removeLine(machine: Machine, name: string): Promise<boolean> {
  const mark = cronMark(name);
  if (cronLine(await glanceAtCrontab(machine), mark) === undefined) return false;
  await writeCrontab(machine, withoutLine(await readCrontab(machine), mark));
  return true;
}

export async function scheduleState(machine: Machine, name: string, log: string): Promise<ScheduleState> {
  const files = unitFiles(machine, name);
  if (machine.exists(files.timer)) {
    const timer = await properties(machine, `${unitName(name)}.timer`, [
      'NextElapseUSecRealtime',
      'LastTriggerUSec',
    ]);
    const service = await properties(machine, `${unitName(name)}.service`, ['Result']);
    const entry = /^OnCalendar=(.*)$/m.exec(machine.read(files.timer) ?? '')?.[1] ?? null;
    const last = timer.LastTriggerUSec || null;
    return {
      engine: 'systemd',
      entry,
      next: timer.NextElapseUSecRealtime || null,
      last,
      result: last ? (service.Result ?? null) : null,
    };
  }
  const line = cronLine(await glanceAtCrontab(machine), cronMark(name));
  if (line === undefined) return { engine: null, entry: null, next: null, last: null, result: null };
  const said = machine.read(log)?.trim().split('\n').at(-1) ?? null;
  return { engine: 'cron', entry: line, next: null, last: null, result: said };
}

export interface Finding {
  readonly check: string;
  readonly ok: boolean;
  readonly detail: string;
}

/** Everything that can keep an installed schedule from running well, each looked at. */
export async function examine(machine: Machine, entry: Entry): Promise<Finding[]> {
  const state = await scheduleState(machine, entry.name, entry.log);
  const findings: Finding[] = [];
  const add = (check: string, ok: boolean, detail: string) => findings.push({ check, ok, detail });
  add(
    'installed',
    state.engine !== null,
    state.engine
      ? `by ${state.engine}: ${state.entry}`
      : 'nothing is installed: infractl backup schedule install',
  );
  const [node = '', launcher = ''] = installedPaths(machine, state, entry);
  for (const [check, file] of [
    ['Node', node],
    ['infractl', launcher],
  ] as const)
    add(
      check,
      machine.exists(file),
      machine.exists(file) ? file : `${file} is gone: install the schedule again`,
    );
  if (state.engine) add('daemon', ...(await daemon(machine, state.engine)));
  if (state.engine === 'systemd' && state.result)
    add('last run', state.result === 'success', `${state.last}: ${state.result}`);
  const trial = await runBare(machine, `${shellLine(entry)} --dry-run`);
  const said = `${trial?.stdout ?? ''}${trial?.stderr ?? ''}`.trim().split('\n');
  add(
    'trial in a bare environment',
    trial?.exitCode === 0,
    trial?.exitCode === 0
      ? (said[0] ?? '')
      : said
          .slice(0, 2)
          .map((line) => line.replace(/^[✗\s]+/, ''))
          .join(' '),
  );
  return findings;
}

/** The paths that the installed entry names, which an update of Node may have left behind. */
function installedPaths(machine: Machine, state: ScheduleState, entry: Entry): readonly string[] {
  if (state.engine === null) return entry.argv;
  const text =
    state.engine === 'cron'
      ? (state.entry ?? '')
      : (/^ExecStart=(.*)$/m.exec(machine.read(unitFiles(machine, entry.name).service) ?? '')?.[1] ?? '');
  const words = text.split(/\s+/);
  const at = words.indexOf('backup');
  return at >= 2 ? words.slice(at - 2, at).map((word) => word.replace(/^["']|["']$/g, '')) : entry.argv;
}

async function daemon(machine: Machine, engine: Engine): Promise<[boolean, string]> {
  if (engine === 'systemd') {
    if (machine.root) return [true, 'systemd'];
    const linger = await machine.run('loginctl', ['show-user', machine.user, '--property=Linger']);
    const stays = linger?.stdout.trim() === 'Linger=yes';
    return [
      stays,
      stays
        ? 'systemd, also without a login'
        : `it stops at logout: sudo loginctl enable-linger ${machine.user}`,
    ];
  }
  const running = await machine.run('sh', ['-c', 'pidof cron crond || pgrep -x "cron|crond"']);
  return running?.exitCode === 0
    ? [true, 'cron runs']
    : [false, 'cron does not run: sudo service cron start'];
}

function unitFiles(machine: Machine, name: string) {
  const base = join(unitFolder(machine), unitName(name));
  return { service: `${base}.service`, timer: `${base}.timer` };
}

async function properties(
  machine: Machine,
  unit: string,
  names: readonly string[],
): Promise<Record<string, string>> {
  const result = await systemctl(machine, ['show', unit, ...names.map((name) => `--property=${name}`)]);
  return Object.fromEntries(
    (result?.stdout ?? '').split('\n').flatMap((line) => {
      const at = line.indexOf('=');
      const value = line.slice(at + 1);
      return at > 0 && value !== 'n/a' ? [[line.slice(0, at), value]] : [];
    }),
  );
}

async function must(machine: Machine, args: readonly string[]): Promise<void> {
  const result = await systemctl(machine, args);
  if (result?.exitCode === 0) return;
  throw new InfractlError({
    code: 'SystemctlFailed',
    message: `systemctl ${args.join(' ')} failed.`,
    why: result?.stderr.trim() ?? '',
    suggestions: machine.root ? [] : ['Without root it needs a session of systemd: try --engine cron.'],
  });
}
