import type { Clock } from '../base/clock.ts';
import type { ExitCode } from '../base/errors.ts';
import type { Reporter } from '../base/report.ts';
import type {
  DatabaseFacts,
  DatabasesPort,
  GroupFacts,
  GroupsPort,
  InstanceFacts,
  InstancesPort,
  ProbePort,
} from './port.ts';

export interface InstanceDeps {
  /** Opened on first use: a command about one instance loads no client of RDS. */
  readonly ports: {
    instances(): Promise<InstancesPort>;
    groups(): Promise<GroupsPort>;
    databases(): Promise<DatabasesPort>;
  };
  readonly probe: ProbePort;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly reporter: Reporter;
  /** The flags that lead a further command to the same place, each after a space. */
  readonly where: string;
}

/** How it is known that an instance serves. */
export interface Serving {
  /** TCP ports that must be open from here. */
  readonly ports: readonly number[];
  /** What must answer below 400. */
  readonly url?: string;
  /** Where to knock; the instance's own address when absent. */
  readonly address?: string;
}

export type Target =
  | {
      readonly kind: 'instance';
      readonly id: string;
      readonly host?: string;
      readonly facts: InstanceFacts;
      readonly serving: Serving;
    }
  | { readonly kind: 'group'; readonly id: string; readonly facts: GroupFacts }
  | { readonly kind: 'database'; readonly id: string; readonly facts: DatabaseFacts };

export type InstanceTarget = Extract<Target, { kind: 'instance' }>;
export type GroupTarget = Extract<Target, { kind: 'group' }>;
export type DatabaseTarget = Extract<Target, { kind: 'database' }>;

/** The stages on the way to serving, in their order. A group and a database have the first alone. */
export const STAGES = ['running', 'checks', 'port', 'health'] as const;
export type Stage = (typeof STAGES)[number];

/** Milliseconds for each stage, and for a stop. */
export type Timeouts = Readonly<Record<Stage | 'stop', number>>;

export const TIMEOUTS: Timeouts = {
  running: 10 * 60_000,
  checks: 10 * 60_000,
  port: 5 * 60_000,
  health: 5 * 60_000,
  stop: 10 * 60_000,
};

export interface ActOptions {
  /** The last stage that is waited for; undefined waits for nothing. */
  readonly until: Stage | undefined;
  readonly timeouts: Timeouts;
  /** Stop with the memory kept on disk, where the instance was made for it. */
  readonly hibernate: boolean;
  /** A restart that stops and starts, instead of a reboot. */
  readonly hard: boolean;
  /** For a group that was stopped by something else: how many instances it gets. */
  readonly capacity?: number | undefined;
}

export interface StageTime {
  readonly stage: Stage | 'stop';
  readonly ms: number;
}

/** What became of one target. */
export interface ActResult {
  readonly kind: Target['kind'];
  readonly id: string;
  readonly name: string | null;
  /** `asked`: AWS has the request, nobody waited. */
  readonly outcome: 'started' | 'stopped' | 'restarted' | 'unchanged' | 'asked' | 'failed';
  readonly detail: string | null;
  readonly stages: readonly StageTime[];
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly why: string | null;
    readonly suggestions: readonly string[];
    readonly exit: ExitCode;
  } | null;
}

/** The name that people know it by: the host's in infractl.yaml, the tag `Name`; null when it has none. */
export function nameOf(target: Target): string | null {
  if (target.kind !== 'instance') return null;
  return target.host ?? target.facts.name ?? null;
}

/** `web (i-0123…)`, `i-0123…`, `group web-asg`, `database orders`. */
export function labelOf(target: Target): string {
  if (target.kind !== 'instance') return `${target.kind} ${target.id}`;
  const name = nameOf(target);
  return name ? `${name} (${target.id})` : target.id;
}
