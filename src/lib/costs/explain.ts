import type { Range, UsageName } from '../project/model.ts';
import type { Billed } from './bill.ts';
import { plus } from './range.ts';
import type { CostLine } from './types.ts';

/** One service: what was billed beside what was estimated. USD a month. */
export interface Compared {
  readonly service: string;
  readonly actual: number;
  /** Null: nothing of it is in the estimate. */
  readonly estimate: Range | null;
  readonly verdict: 'as estimated' | 'more' | 'less' | 'not estimated' | 'not billed';
  /** What explains it, in a sentence. */
  readonly why: string;
}

/** The month that is compared. */
export interface ComparedMonth {
  /** `2026-10` */
  readonly month: string;
  /** How much of it had passed when AWS was asked: of one that runs its whole is told by its days so far. */
  readonly passed: number;
}

/** Figures that are nearer than this are the same to a person, in USD. */
const NEAR = 0.1;

/** What was billed in dollars in a month beside the estimate, by service, the largest first. Pure. */
export function compare(
  billed: readonly Billed[],
  estimated: readonly CostLine[],
  { month, passed }: ComparedMonth,
  usage: (line: CostLine, name: UsageName) => Range,
): Compared[] {
  const actual = new Map<string, number>();
  for (const one of billed)
    if (one.month === month) actual.set(one.service, (actual.get(one.service) ?? 0) + one.amount / passed);
  const priced = estimated.filter(({ month: figure }) => figure !== null);
  const services = new Set([...actual.keys(), ...priced.map(({ service }) => service)]);
  return [...services]
    .map((service) => {
      const lines = priced.filter((one) => one.service === service);
      return compareOne(service, actual.get(service) ?? 0, lines, usage);
    })
    .sort((a, b) => b.actual - a.actual || (b.estimate?.typical ?? 0) - (a.estimate?.typical ?? 0));
}

/** The last full month that something was billed in, else the one that runs. */
export function comparedMonth(billed: readonly Billed[], to: string): ComparedMonth | undefined {
  const months = [...new Set(billed.map(({ month }) => month))].sort();
  const running = to.slice(0, 7);
  const full = months.filter((month) => month < running).at(-1);
  if (full) return { month: full, passed: 1 };
  const days = Number(to.slice(8)) - 1;
  const [year = 0, month = 1] = running.split('-').map(Number);
  const all = new Date(Date.UTC(year, month, 0)).getUTCDate();
  return months.includes(running) && days > 0 ? { month: running, passed: days / all } : undefined;
}

function compareOne(
  service: string,
  actual: number,
  lines: readonly CostLine[],
  usage: (line: CostLine, name: UsageName) => Range,
): Compared {
  if (lines.length === 0) {
    const why = OTHERS[service] ?? 'Nothing in the templates is counted under it.';
    return { service, actual, estimate: null, verdict: 'not estimated', why };
  }
  const estimate = plus(...lines.flatMap(({ month }) => month ?? []));
  const common = { service, actual, estimate };
  if (actual >= estimate.low - NEAR && actual <= estimate.high + NEAR)
    return {
      ...common,
      verdict: 'as estimated',
      why: nearness(actual, estimate, useOf(actual, lines, usage)),
    };
  if (actual === 0)
    return {
      ...common,
      verdict: 'not billed',
      why: 'It was not deployed, lies in a free tier, or what it costs carries no tag.',
    };
  const verdict = actual > estimate.high ? 'more' : 'less';
  return { ...common, verdict, why: useOf(actual, lines, usage) ?? FIXED[verdict] };
}

function nearness(actual: number, { low, typical, high }: Range, use: string | undefined): string {
  if (Math.abs(actual - typical) <= NEAR || low === high) return 'As the typical use has it.';
  return use ?? (actual > typical ? 'More than the typical use.' : 'Less than the typical use.');
}

const FIXED = {
  more: 'More of it runs than the templates say, or something beside them.',
  less: 'It did not run all month, lies in a free tier, or has a discount.',
} as const;

/** How much use explains a bill; undefined where the use changes nothing, or cannot explain it. */
function useOf(
  actual: number,
  lines: readonly CostLine[],
  usage: (line: CostLine, name: UsageName) => Range,
): string | undefined {
  const moving = lines.filter(({ on }) => on.length > 0);
  const typical = (of: readonly CostLine[]) => plus(...of.flatMap(({ month }) => month ?? [])).typical;
  const still = typical(lines) - typical(moving);
  if (moving.length === 0 || typical(moving) <= 0 || actual <= still) return undefined;
  const factor = (actual - still) / typical(moving);
  const names = [...new Set(moving.flatMap(({ on }) => on))];
  const [name, ...more] = names;
  // Where each resource is used differently, one number would say nothing.
  const assumed = new Set(name ? moving.map((line) => usage(line, name).typical) : []);
  const [one] = assumed;
  if (one !== undefined && assumed.size === 1 && more.length === 0)
    return `As if ${name} were ${rounded(one * factor)}, not ${rounded(one)}.`;
  return `Its use (${names.join(', ')}) is ${rounded(factor)} times the typical one.`;
}

/** Two digits that count, with commas. */
function rounded(value: number): string {
  const two = Number(value.toPrecision(2));
  const [whole = '', rest] = String(two).split('.');
  return [whole.replace(/\B(?=(?:\d{3})+$)/g, ','), rest].filter(Boolean).join('.');
}

/** What services are that no template names. */
const OTHERS: Readonly<Record<string, string>> = {
  Tax: 'Taxes are in no estimate.',
  'AWS Cost Explorer': 'Questions to Cost Explorer, at $0.01 each.',
  'EC2 - Other': 'Disks, snapshots, and data between zones or to the Internet.',
  'AWS Data Transfer': 'Data between regions or to the Internet.',
  AmazonCloudWatch: 'Logs and metrics that no template names.',
  'Amazon Simple Storage Service': "infractl's own bucket, or buckets that no template names.",
};
