/** How a host is at one moment, read from the host itself. */
export interface HostReading {
  /** Over one second, of all cores together. */
  readonly cpuPercent: number;
  readonly cores: number;
  /** Of 1, 5 and 15 minutes. */
  readonly load: readonly number[];
  /** Bytes; used is what programs could not get. */
  readonly memory: { readonly used: number; readonly total: number };
  /** Bytes, of each file system on a disk. */
  readonly disks: readonly { readonly path: string; readonly used: number; readonly total: number }[];
  readonly uptimeSeconds: number;
}

/** Reads what every Linux has, without a tool beside df. */
export const HOST_READING: readonly [string, ...string[]] = [
  'sh',
  '-c',
  'export LC_ALL=C; echo "cores $(grep -c ^processor /proc/cpuinfo)"; echo "load $(cat /proc/loadavg)"; echo "uptime $(cat /proc/uptime)"; ' +
    'grep -E "^(MemTotal|MemAvailable):" /proc/meminfo; head -n1 /proc/stat; sleep 1; head -n1 /proc/stat; df -P -k',
];

/** What a real disk, or a volume in its place, is mounted from. */
const DISK = /^(?:\/dev\/|overlay$)/;

/** Files that the engine of a container lends it: no disks of its own. */
const LENT = /^\/etc\/(hosts|hostname|resolv\.conf)$/;

/** What `HOST_READING` printed; undefined where it is no Linux that answers so. */
export function hostReading(text: string): HostReading | undefined {
  const lines = text.split('\n');
  const words = (start: string) =>
    lines
      .find((line) => line.startsWith(start))
      ?.trim()
      .split(/\s+/)
      .slice(1) ?? [];
  const kib = (name: string) => Number(words(`${name}:`)[0]) * 1024;
  const [before, after] = lines.filter((line) => /^cpu\s/.test(line)).map(cpuTimes);
  const total = kib('MemTotal');
  const cores = Number(words('cores')[0]);
  if (!before || !after || Number.isNaN(total) || Number.isNaN(cores)) return undefined;
  const all = after.all - before.all;
  const disks = new Map<string, { path: string; used: number; total: number }>();
  for (const line of lines) {
    const [device = '', size, used, , share, path] = line.trim().split(/\s+/);
    if (!DISK.test(device) || !path || !share?.endsWith('%') || disks.has(device) || LENT.test(path))
      continue;
    disks.set(device, { path, used: Number(used) * 1024, total: Number(size) * 1024 });
  }
  return {
    cpuPercent: all > 0 ? Math.round((1 - (after.idle - before.idle) / all) * 1000) / 10 : 0,
    cores,
    load: words('load').slice(0, 3).map(Number),
    memory: { used: total - kib('MemAvailable'), total },
    disks: [...disks.values()],
    uptimeSeconds: Math.floor(Number(words('uptime')[0] ?? 0)),
  };
}

function cpuTimes(line: string): { readonly all: number; readonly idle: number } {
  // user nice system idle iowait irq softirq steal; what follows is in the first two already.
  const times = line.trim().split(/\s+/).slice(1, 9).map(Number);
  return { all: times.reduce((a, b) => a + b, 0), idle: (times[3] ?? 0) + (times[4] ?? 0) };
}
