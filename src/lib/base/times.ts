/** `2026-11-21 14:05:09 CET`: a time for people, in their own zone, which is named. */
export function localTime(iso: string, precision: 'seconds' | 'minutes' = 'seconds'): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return iso;
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const seconds = precision === 'seconds' ? `:${two(date.getSeconds())}` : '';
  const time = `${two(date.getHours())}:${two(date.getMinutes())}${seconds}`;
  return `${day} ${time} ${zone(date)}`;
}

function zone(date: Date): string {
  const name = /\(([^)]+)\)$/.exec(date.toString())?.[1];
  if (name && /^[A-Z]{2,5}$/.test(name)) return name;
  const offset = -date.getTimezoneOffset();
  if (offset === 0) return 'UTC';
  const hours = Math.floor(Math.abs(offset) / 60);
  const minutes = Math.abs(offset) % 60;
  const sign = offset > 0 ? '+' : '-';
  return `UTC${sign}${hours}${minutes === 0 ? '' : `:${String(minutes).padStart(2, '0')}`}`;
}
