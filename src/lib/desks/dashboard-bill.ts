import type { AwsSession } from '../aws/session.ts';
import type { Clock } from '../base/clock.ts';
import { billing } from '../costs/index.ts';
import type { BilledLine } from '../monitoring/dashboard/index.ts';
import type { Project } from '../project/model.ts';
import { ENVIRONMENT_TAG, PROJECT_TAG } from '../stacks/index.ts';

export interface DashboardBillDeps {
  readonly session: () => Promise<AwsSession>;
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Clock;
}

/** What AWS has billed of the month that runs, where somebody asked for it today: asking costs money. */
export async function billedToday(
  { session, env, clock }: DashboardBillDeps,
  { name, environment }: Project,
): Promise<BilledLine | undefined> {
  const { billOfToday, billStore } = await billing();
  const store = billStore(env);
  if (!store.agreed()) return undefined;
  const opened = await session();
  if (opened.sandbox) return undefined;
  const { account } = await opened.identity();
  const tags = { [PROJECT_TAG]: name, [ENVIRONMENT_TAG]: environment };
  const now = clock.now();
  const bill = billOfToday(store, account, tags, now);
  const month = new Date(now).toISOString().slice(0, 7);
  const amounts = bill?.amounts.filter((one) => one.month === month);
  if (bill?.currency !== 'USD' || !amounts?.length) return undefined;
  return {
    month,
    usd: amounts.reduce((sum, { amount }) => sum + amount, 0),
    askedAt: Date.parse(bill.askedAt),
  };
}
