import { inService } from './groups.ts';
import type { StatusChecks } from './port.ts';
import { atMost } from './serving.ts';
import { type InstanceDeps, type InstanceTarget, nameOf, type Target } from './types.ts';

/** How a target is. `null` where something does not apply or is not known. */
export interface StatusRow {
  readonly kind: Target['kind'];
  readonly id: string;
  readonly name: string | null;
  readonly state: string;
  /** good: serves as wanted; busy: on its way; bad: wants looking at; off: stopped. */
  readonly mood: 'good' | 'busy' | 'bad' | 'off';
  /** Milliseconds since the last start. */
  readonly upMs: number | null;
  readonly type: string | null;
  readonly zone: string | null;
  readonly publicAddress: string | null;
  readonly elastic: boolean;
  readonly privateAddress: string | null;
  readonly checks: 'ok' | 'initializing' | 'impaired' | 'unknown' | null;
  /** What its ports and its application say. */
  readonly health: { readonly ok: boolean; readonly words: string } | null;
  /** USD a month if it stays as it is; null when no price is known. */
  readonly costUsdMonth: number | null;
  readonly detail: string | null;
}

const ONE_KNOCK = 2_000;
const AT_ONCE = 32;

/** How targets are: one DescribeInstanceStatus for all instances, and a knock at each door that is known. */
export async function statusOf(
  deps: InstanceDeps,
  targets: readonly Target[],
  price: (target: Target) => number | undefined,
): Promise<StatusRow[]> {
  const running = targets.flatMap((one) =>
    one.kind === 'instance' && one.facts.state === 'running' ? [one] : [],
  );
  const [checks, healths] = await Promise.all([
    running.length > 0
      ? deps.ports.instances().then((port) => port.checks(running.map(({ id }) => id)))
      : new Map<string, StatusChecks>(),
    atMost(AT_ONCE, running, (one) => healthOf(deps, one)),
  ]);
  const health = new Map(running.map((one, at) => [one.id, healths[at] ?? null]));
  return targets.map((target) =>
    rowOf(target, {
      now: deps.clock.now(),
      checks: checks.get(target.id),
      health: health.get(target.id) ?? null,
      price: price(target),
    }),
  );
}

async function healthOf(
  { probe }: InstanceDeps,
  { serving, facts }: InstanceTarget,
): Promise<StatusRow['health']> {
  const address = serving.address ?? facts.publicAddress ?? facts.privateAddress;
  const [answer, ...ports] = await Promise.all([
    serving.url === undefined ? undefined : probe.http(serving.url, ONE_KNOCK),
    ...serving.ports.map(async (port) => {
      const trouble = address ? await probe.tcp(address, port, ONE_KNOCK) : 'no address';
      return trouble === undefined ? undefined : `port ${port} ${trouble}`;
    }),
  ]);
  if (answer === undefined && serving.ports.length === 0) return null;
  const shut = ports.filter((one) => one !== undefined);
  const fails = answer !== undefined && (answer.status === undefined || answer.status >= 400);
  const said =
    answer && (answer.status === undefined ? (answer.trouble ?? 'no answer') : `answers ${answer.status}`);
  const words = [...(said ? [said] : []), ...shut];
  return { ok: !fails && shut.length === 0, words: words.join(', ') || 'ports open' };
}

interface Extra {
  readonly now: number;
  readonly checks: StatusChecks | undefined;
  readonly health: StatusRow['health'];
  readonly price: number | undefined;
}

/** What is not known of a row, or does not apply to it. */
export const NOTHING_KNOWN = {
  upMs: null,
  type: null,
  zone: null,
  publicAddress: null,
  elastic: false,
  privateAddress: null,
  checks: null,
  health: null,
  costUsdMonth: null,
  detail: null,
} as const;

/** Pure. */
export function rowOf(target: Target, { now, checks, health, price }: Extra): StatusRow {
  const empty = {
    ...NOTHING_KNOWN,
    kind: target.kind,
    id: target.id,
    name: nameOf(target),
    health,
    costUsdMonth: price ?? null,
  } as const;
  if (target.kind === 'group') {
    const { facts } = target;
    const serving = inService(facts);
    const off = facts.desired === 0 && facts.members.length === 0;
    const whole = serving >= facts.desired;
    return {
      ...empty,
      state: off ? 'at 0' : `${serving} of ${facts.desired} in service`,
      mood: off ? 'off' : whole ? 'good' : 'busy',
      detail: `min ${facts.min}, max ${facts.max}`,
      costUsdMonth: off ? 0 : (price ?? null),
    };
  }
  if (target.kind === 'database') {
    const { facts } = target;
    const off = facts.status === 'stopped';
    const broken = /^(failed|incompatible|storage-full|inaccessible)/.test(facts.status);
    return {
      ...empty,
      state: facts.status,
      mood: off ? 'off' : facts.status === 'available' ? 'good' : broken ? 'bad' : 'busy',
      type: facts.class,
      privateAddress: facts.address ?? null,
      costUsdMonth: off ? 0 : (price ?? null),
      detail: [facts.engine, facts.multiZone ? 'Multi-AZ' : '', againWords(facts.startsAgainAt)]
        .filter(Boolean)
        .join(', '),
    };
  }
  const { facts } = target;
  const runs = facts.state === 'running';
  const verdict = runs ? checkWord(checks) : null;
  const bad = verdict === 'impaired' || health?.ok === false;
  return {
    ...empty,
    state: facts.state,
    mood:
      facts.state === 'stopped' ? 'off' : !runs || verdict === 'initializing' ? 'busy' : bad ? 'bad' : 'good',
    upMs: runs ? Math.max(0, now - facts.launchedAt) : null,
    type: facts.type,
    zone: facts.zone,
    publicAddress: facts.publicAddress ?? null,
    elastic: facts.elastic,
    privateAddress: facts.privateAddress ?? null,
    checks: verdict,
    costUsdMonth: facts.state === 'stopped' ? 0 : (price ?? null),
    detail: facts.group ? `in the group ${facts.group}` : stoppedWords(target),
  };
}

function checkWord(checks: StatusChecks | undefined): StatusRow['checks'] {
  if (!checks) return 'unknown';
  const both = [checks.system, checks.instance];
  if (both.includes('impaired')) return 'impaired';
  if (both.includes('initializing')) return 'initializing';
  return both.every((one) => one === 'ok') ? 'ok' : 'unknown';
}

const againWords = (at: number | undefined) =>
  at === undefined ? '' : `RDS starts it again on ${new Date(at).toISOString().slice(0, 10)}`;

/** Why it is stopped, where that was nobody's wish. */
function stoppedWords({ facts }: InstanceTarget): string | null {
  if (facts.state !== 'stopped' || !facts.reason || /UserInitiated/.test(facts.reason.code)) return null;
  return facts.reason.message || facts.reason.code;
}
