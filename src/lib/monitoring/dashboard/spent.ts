import type { Spent } from './picture.ts';

/**
 * USD that AWS lists for what the watching asks: https://aws.amazon.com/cloudwatch/pricing/ and
 * https://aws.amazon.com/s3/pricing/ for us-east-1; other regions differ little. Each CloudWatch call but
 * GetMetricData is counted although the first million a month may be free.
 */
const METRIC = 0.01 / 1000;
const CALL: Readonly<Record<string, number>> = {
  'cloudwatch:ListMetrics': 0.01 / 1000,
  'cloudwatch:DescribeAlarms': 0.01 / 1000,
  'cloudwatch:DescribeAlarmHistory': 0.01 / 1000,
  'cloudwatch:ListAlarmMuteRules': 0.01 / 1000,
  'cloudwatch:GetAlarmMuteRule': 0.01 / 1000,
  's3:ListObjectsV2': 0.005 / 1000,
  's3:GetObject': 0.0004 / 1000,
};
const DAY = 86_400_000;
/** Milliseconds before which a pace says nothing. */
const TOO_SOON = 60_000;

/** Counts the calls that a watch makes. Everything but these is free: describing instances, stacks, databases. */
export class Ledger {
  readonly #began: number;
  readonly #counts = new Map<string, number>();
  #metrics = 0;

  constructor(began: number) {
    this.#began = began;
  }

  /** @param action as IAM names it */
  call(action: string): void {
    this.#counts.set(action, (this.#counts.get(action) ?? 0) + 1);
  }

  /** So many metrics were asked of GetMetricData. */
  metrics(count: number): void {
    this.#metrics += count;
  }

  spent(now: number): Spent {
    const byAction = [...this.#counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
    const usd = byAction.reduce(
      (sum, [action, count]) => sum + (CALL[action] ?? 0) * count,
      this.#metrics * METRIC,
    );
    const ms = now - this.#began;
    return {
      calls: byAction.reduce((sum, [, count]) => sum + count, 0),
      byAction,
      metrics: this.#metrics,
      usd,
      usdADay: ms < TOO_SOON ? null : (usd / ms) * DAY,
    };
  }
}
