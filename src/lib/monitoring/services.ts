import { plural } from '../base/text.ts';

/** A systemd unit of a host, as `systemctl show` has it. */
export interface ServiceState {
  readonly unit: string;
  /** `active`, `inactive`, `failed`, `activating`, …; `not-found` where there is no such unit. */
  readonly state: string;
  /** `running`, `exited`, `dead`, `auto-restart`, … */
  readonly substate: string;
  /** Starts by itself with the machine. */
  readonly enabled: string;
  /** Seconds since it came into this state; null where systemd does not say. */
  readonly sinceSeconds: number | null;
  /** How often systemd started it again by itself since it was started by hand. */
  readonly restarts: number;
  /** Bytes; null where it is not counted. */
  readonly memory: number | null;
  /** Why it ended, where it did: `exit-code`, `oom-kill`, `timeout`. */
  readonly result: string;
  /** TCP addresses that its processes listen on: `0.0.0.0:80`. */
  readonly ports: readonly string[];
  /** Its newest lines of the level error and worse; where it has failed, what it said itself last. */
  readonly lines: readonly string[];
}

/** How a unit is, as systemd says it: `active running`, `failed (exit-code)`. */
export function serviceStateWords({ state, substate, result }: ServiceState): string {
  if (state === 'not-found') return 'no such unit';
  const why = state === 'failed' && result !== '' && result !== 'success' ? ` (${result})` : '';
  return `${state}${substate && substate !== state ? ` ${substate}` : ''}${why}`;
}

/** How often systemd has started a unit again, to be put behind its state; nothing where it never had to. */
export function restartWords({ restarts }: ServiceState): string {
  return restarts > 0 ? `, restarted ${plural(restarts, 'time')}` : '';
}

const MARK = '--infractl';
const PROPERTIES =
  'Id,LoadState,ActiveState,SubState,UnitFileState,StateChangeTimestampMonotonic,NRestarts,MemoryCurrent,Result,ControlGroup';

/**
 * One command that tells all of it: the uptime, then of each unit its properties, what the processes of its group
 * listen on, and its newest errors. Of one that has failed, what it said itself: systemd's own words of its end would
 * fill the lines. Units are arguments, never part of the script. `shop@*` stands for all instances that systemd knows.
 *
 * @param lines how many of the newest error lines
 */
export function servicesCommand(units: readonly string[], lines: number): [string, ...string[]] {
  const script = `export LC_ALL=C; n="$0"; echo "uptime $(cut -d' ' -f1 /proc/uptime)"
sockets=$(ss -Hltnp 2>/dev/null)
for asked in "$@"; do case "$asked" in
  *'*') found=$(systemctl list-units --all --plain --no-legend -- "$asked" | cut -d' ' -f1) ;;
  *) found= ;;
esac; for unit in \${found:-"$asked"}; do
  echo "${MARK} unit $unit"
  case "$unit" in *'*') echo LoadState=not-found; continue ;; esac
  systemctl show --property=${PROPERTIES} -- "$unit"
  group=$(systemctl show --property=ControlGroup --value -- "$unit")
  if [ -n "$group" ] && [ "$group" != / ]; then
    for pid in $(find "/sys/fs/cgroup$group" "/sys/fs/cgroup/systemd$group" -name cgroup.procs -exec cat {} + 2>/dev/null); do
      echo "$sockets" | grep "pid=$pid," | while read -r _ _ _ address _; do echo "${MARK} port $address"; done
    done
  fi
  echo "${MARK} lines"
  if systemctl is-failed --quiet -- "$unit"; then
    id=$(systemctl show --property=Id --value -- "$unit")
    journalctl --no-pager --quiet --output=short-iso --boot --lines="$n" "_SYSTEMD_UNIT=$id" 2>/dev/null
  else
    journalctl --no-pager --quiet --output=short-iso --boot --priority=err --lines="$n" --unit="$unit" 2>/dev/null
  fi
done; done`;
  return ['sh', '-c', script, String(lines), ...units];
}

/** What `servicesCommand` printed. */
export function servicesOf(text: string): ServiceState[] {
  const [head = '', ...parts] = text.split(new RegExp(`^${MARK} unit `, 'm'));
  const uptime = Number(/^uptime ([\d.]+)/m.exec(head)?.[1] ?? Number.NaN);
  return parts.map((part) => serviceOf(part, uptime));
}

function serviceOf(part: string, uptime: number): ServiceState {
  const [facts = '', tail = ''] = part.split(new RegExp(`^${MARK} lines\\n?`, 'm'));
  const [asked = '', ...lines] = facts.split('\n');
  const values = new Map(
    lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
  const changed = Number(values.get('StateChangeTimestampMonotonic') ?? 0) / 1e6;
  const memory = Number(values.get('MemoryCurrent') ?? Number.NaN);
  const ports = lines.flatMap((line) =>
    line.startsWith(`${MARK} port `) ? [line.slice(MARK.length + 6)] : [],
  );
  const missing = values.get('LoadState') === 'not-found';
  return {
    unit: asked,
    state: missing ? 'not-found' : (values.get('ActiveState') ?? 'unknown'),
    substate: values.get('SubState') ?? '',
    enabled: values.get('UnitFileState') ?? '',
    sinceSeconds: changed > 0 && !Number.isNaN(uptime) ? Math.max(0, Math.round(uptime - changed)) : null,
    restarts: Number(values.get('NRestarts') ?? 0) || 0,
    // systemd writes 2^64-1, or [not set], where it does not count.
    memory: Number.isFinite(memory) && memory < 1e18 ? memory : null,
    result: values.get('Result') ?? '',
    ports: [...new Set(ports)].sort(),
    lines: tail.split('\n').filter((line) => line !== '' && !line.startsWith('-- ')),
  };
}

/** Whether a service does what it is there for. */
export function isWell({ state }: Pick<ServiceState, 'state'>): boolean {
  return state === 'active' || state === 'reloading';
}
