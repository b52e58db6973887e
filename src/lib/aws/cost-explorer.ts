import {
  CostExplorerClient,
  type Expression,
  GetCostAndUsageCommand,
  type GroupDefinition,
  type ResultByTime,
} from '@aws-sdk/client-cost-explorer';
import type { Billed, BillPort } from '../costs/bill.ts';
import { call } from './call.ts';
import { underneath } from './errors.ts';
import { paced, pacingOf } from './pacing.ts';
import { partitionOf } from './partition.ts';
import type { AwsSession } from './session.ts';
import { traced } from './trace.ts';

const PART_TAG = 'infractl:part';

/** What Cost Explorer's refusals are in words. */
export interface BillTroubles {
  off(why: string): Error;
  noData(why: string): Error;
}

/** Cost Explorer. Each question costs $0.01, a further page too: none is sent twice by the SDK. */
export function billPort(session: AwsSession, troubles: BillTroubles): BillPort {
  // The API has one endpoint for all regions of a partition.
  const { home: region } = partitionOf(session.region);
  const there = { ...session, region };
  const config = { ...session.config, region, maxAttempts: 1 };
  const client = traced(paced(new CostExplorerClient(config), pacingOf(there, 'ce')), there);
  return {
    async ask({ from, to, tags }) {
      const groups: GroupDefinition[] = [{ Type: 'DIMENSION', Key: 'SERVICE' }];
      if (tags) groups.push({ Type: 'TAG', Key: PART_TAG });
      const amounts: Billed[] = [];
      let questions = 0;
      let currency: string | undefined;
      let NextPageToken: string | undefined;
      do {
        const page = NextPageToken;
        const answer = await call(there, 'ce:GetCostAndUsage', () =>
          client.send(
            new GetCostAndUsageCommand({
              TimePeriod: { Start: from, End: to },
              Granularity: 'MONTHLY',
              Metrics: ['UnblendedCost'],
              GroupBy: groups,
              ...(tags ? { Filter: filterOf(tags) } : {}),
              ...(page ? { NextPageToken: page } : {}),
            }),
          ),
        ).catch((error: unknown) => {
          throw inWords(error, troubles);
        });
        questions++;
        amounts.push(...(answer.ResultsByTime ?? []).flatMap(amountsOf));
        currency ??= answer.ResultsByTime?.flatMap(currencyOf)[0];
        NextPageToken = answer.NextPageToken;
      } while (NextPageToken);
      return { amounts, questions, currency: currency ?? 'USD' };
    },
  };
}

function filterOf(tags: Readonly<Record<string, string>>): Expression {
  const all = Object.entries(tags).map(([Key, value]) => ({ Tags: { Key, Values: [value] } }));
  return all.length === 1 && all[0] ? all[0] : { And: all };
}

/** AWS bills in yuan in China, in euros in its European cloud. */
function currencyOf({ Groups = [] }: ResultByTime): string[] {
  return Groups.flatMap(({ Metrics }) => Metrics?.UnblendedCost?.Unit ?? []);
}

function amountsOf({ TimePeriod, Groups = [] }: ResultByTime): Billed[] {
  return Groups.flatMap(({ Keys = [], Metrics }) => {
    const amount = Number(Metrics?.UnblendedCost?.Amount ?? 0);
    const usd = Metrics?.UnblendedCost?.Unit === 'USD' ? amount : null;
    const [service = '', part = ''] = Keys;
    // A tag's group is its key, a dollar sign, and its value.
    return amount === 0
      ? []
      : [
          {
            month: TimePeriod?.Start?.slice(0, 7) ?? '',
            service,
            part: part.slice(part.indexOf('$') + 1),
            amount,
            usd,
          },
        ];
  });
}

function inWords(error: unknown, { off, noData }: BillTroubles): unknown {
  const { name, message } = underneath(error);
  if (/not enabled for cost explorer|cost explorer is not enabled/i.test(message)) return off(message);
  if (name === 'DataUnavailableException') return noData(message);
  return error;
}
