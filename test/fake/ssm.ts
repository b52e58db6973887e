import type { FakeClock } from './clock.ts';
import { type JsonHandler, required } from './json.ts';
import type { Context } from './server.ts';
import { FakeError, type Parameters, page } from './wire.ts';

/** What a script does on a node: it ends some time, and can be killed. */
export interface Execution {
  readonly done: Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>;
  kill(): void;
}

/** A node that Systems Manager manages. */
export interface ManagedNode {
  readonly id: string;
  /** `Online`, `ConnectionLost`, `Inactive`. */
  ping: string;
  /** When its agent was heard of last, in milliseconds. */
  heardAt: number;
  readonly execute: (script: string, clock: FakeClock) => Execution;
}

interface FakeInvocation {
  readonly node: ManagedNode;
  status: string;
  detail: string;
  code: number;
  stdout: string;
  stderr: string;
  execution?: Execution;
}

export interface FakeCommand {
  readonly id: string;
  readonly script: string;
  readonly comment: string;
  readonly parameters: Parameters;
  readonly sentAt: number;
  readonly invocations: Map<string, FakeInvocation>;
}

/** The API keeps so many characters of what a script prints. */
const OUT_LIMIT = 24_000;
const ERR_LIMIT = 8_000;

export class SsmState {
  readonly nodes = new Map<string, ManagedNode>();
  readonly commands = new Map<string, FakeCommand>();
  /** Sessions that were started: `i-…` and, of a tunnel, the port. */
  readonly sessions: string[] = [];
  /** Milliseconds until GetCommandInvocation knows a command. */
  visibleMs = 0;
  /** Milliseconds until a node has taken a command up. */
  deliverMs = 0;
  /** Milliseconds that CancelCommand takes to arrive. */
  cancelMs = 0;
  #serial = 0;

  addNode(facts: Partial<ManagedNode> & Pick<ManagedNode, 'id'>): ManagedNode {
    const node = { ping: 'Online', heardAt: 0, execute: prints(''), ...facts };
    this.nodes.set(node.id, node);
    return node;
  }

  nextId(): string {
    return `00000000-0000-4000-8000-${String(++this.#serial).padStart(12, '0')}`;
  }
}

/** A node that prints a text after a while, whatever it is told. */
export function prints(stdout: string, facts: { code?: number; stderr?: string; ms?: number } = {}) {
  return (_script: string, clock: FakeClock): Execution => {
    let kill = () => {};
    const done = new Promise<Awaited<Execution['done']>>((resolve) => {
      kill = () => resolve({ code: 137, stdout: '', stderr: '' });
      clock.after(facts.ms ?? 0, () =>
        resolve({ code: facts.code ?? 0, stdout, stderr: facts.stderr ?? '' }),
      );
    });
    return { done, kill };
  };
}

function invalid(ids: readonly string[], state: SsmState): void {
  const wrong = ids.filter((id) => !state.nodes.has(id));
  if (wrong.length > 0)
    throw new FakeError(
      'InvalidInstanceId',
      `Instances [[${wrong.join(', ')}]] not in a valid state for account`,
    );
}

const CONCURRENCY = /^([1-9]\d*|[1-9]\d%|[1-9]%|100%)$/;
const ERRORS = /^([1-9]\d*|0|[1-9]\d%|\d%|100%)$/;

function checkLimits({ MaxConcurrency, MaxErrors }: Parameters): void {
  for (const [name, value, pattern] of [
    ['maxConcurrency', MaxConcurrency, CONCURRENCY],
    ['maxErrors', MaxErrors, ERRORS],
  ] as const)
    if (value !== undefined && !pattern.test(String(value)))
      throw new FakeError(
        'ValidationException',
        `1 validation error detected: Value at '${name}' failed to satisfy constraint: Member must satisfy regular expression pattern: ${pattern.source}`,
      );
}

/** Begins a command on so many nodes at a time, until too many have failed. */
function dispatch(command: FakeCommand, { clock, state }: Context): void {
  const all = [...command.invocations.values()];
  const share = (text: unknown, fallback: number) => {
    const [, count = '', percent] = /^(\d+)(%?)$/.exec(String(text ?? '')) ?? [];
    if (count === '') return fallback;
    return percent ? Math.floor((all.length * Number(count)) / 100) : Number(count);
  };
  const most = Math.max(1, share(command.parameters.MaxConcurrency, 50));
  const errors = share(command.parameters.MaxErrors, 0);
  const next = () => {
    // What was not delivered does not count.
    const failed = all.filter(
      ({ status, detail }) => status === 'Failed' || detail === 'Execution Timed Out',
    );
    if (failed.length > errors) {
      for (const one of all.filter(({ detail }) => detail === 'Pending'))
        Object.assign(one, { status: 'Cancelled', detail: 'Terminated' });
      return;
    }
    const running = all.filter(
      ({ status, detail }) => status === 'InProgress' || detail === 'Delivering',
    ).length;
    for (const one of all.filter(({ detail }) => detail === 'Pending').slice(0, most - running))
      deliver(command, one, clock, state.ssm, next);
  };
  next();
}

function deliver(
  command: FakeCommand,
  one: FakeInvocation,
  clock: FakeClock,
  state: SsmState,
  then: () => void,
): void {
  one.detail = 'Delivering';
  if (one.node.ping !== 'Online') {
    clock.after(Number(command.parameters.TimeoutSeconds ?? 3600) * 1000, () => {
      if (one.status !== 'Pending') return then();
      Object.assign(one, { status: 'TimedOut', detail: 'Delivery Timed Out' });
      then();
    });
    return;
  }
  clock.after(state.deliverMs, () => {
    if (one.status !== 'Pending') return then();
    Object.assign(one, { status: 'InProgress', detail: 'InProgress' });
    const execution = one.node.execute(command.script, clock);
    one.execution = execution;
    let late = false;
    const parameters = command.parameters.Parameters as { executionTimeout?: string[] };
    clock.after(Number(parameters.executionTimeout?.[0] ?? 3600) * 1000, () => {
      late = one.status === 'InProgress';
      if (late) execution.kill();
    });
    void execution.done.then(({ code, stdout, stderr }) => {
      const cancelled = one.status === 'Cancelling';
      const status = cancelled ? 'Cancelled' : late ? 'TimedOut' : code === 0 ? 'Success' : 'Failed';
      const stopped = cancelled || late;
      Object.assign(one, {
        status,
        detail: late ? 'Execution Timed Out' : status,
        code: stopped ? -1 : code,
        stdout: cut(stdout, OUT_LIMIT, '\n--output truncated--'),
        stderr: cut(stderr, ERR_LIMIT, '\n--error truncated--'),
      });
      then();
    });
  });
}

function cut(text: string, limit: number, mark: string): string {
  return text.length > limit ? text.slice(0, limit - mark.length) + mark : text;
}

const known = (p: Parameters, { state }: Context): FakeCommand => {
  const found = state.ssm.commands.get(required(p, 'CommandId'));
  if (!found) throw new FakeError('InvalidCommandId', '');
  return found;
};

/** Run Command of AWS-RunShellScript, and sessions. */
export const RUN_COMMAND: Readonly<Record<string, JsonHandler>> = {
  SendCommand(p, context) {
    const { state, clock } = context;
    checkLimits(p);
    const ids = (p.InstanceIds as string[] | undefined) ?? [];
    if (ids.length > 50)
      throw new FakeError('ValidationException', 'Member must have length less than or equal to 50');
    const { executionTimeout = ['3600'] } = p.Parameters as { executionTimeout?: string[] };
    for (const [name, value, least, most] of [
      ['timeoutSeconds', p.TimeoutSeconds ?? 3600, 30, 2_592_000],
      ['executionTimeout', executionTimeout[0], 1, 172_800],
      ['comment', String(p.Comment ?? '').length, 0, 100],
    ] as const)
      if (!(Number(value) >= least && Number(value) <= most))
        throw new FakeError(
          'ValidationException',
          `Value '${value}' at '${name}' failed to satisfy constraint`,
        );
    invalid(ids, state.ssm);
    const parameters = p.Parameters as { commands: string[] };
    const script = parameters.commands.join('\n');
    if (script.length > 65_536) throw new FakeError('ValidationException', 'The command is too large');
    const command: FakeCommand = {
      id: state.ssm.nextId(),
      script,
      comment: String(p.Comment ?? ''),
      parameters: p,
      sentAt: clock.now(),
      invocations: new Map(
        ids.map((id) => [
          id,
          {
            node: state.ssm.nodes.get(id) as ManagedNode,
            status: 'Pending',
            detail: 'Pending',
            code: -1,
            stdout: '',
            stderr: '',
          },
        ]),
      ),
    };
    state.ssm.commands.set(command.id, command);
    dispatch(command, context);
    return { Command: { CommandId: command.id, Status: 'Pending', InstanceIds: ids } };
  },

  GetCommandInvocation(p, { state, clock }) {
    const command = state.ssm.commands.get(required(p, 'CommandId'));
    const one = command?.invocations.get(required(p, 'InstanceId'));
    if (!command || !one || clock.now() - command.sentAt < state.ssm.visibleMs)
      throw new FakeError('InvocationDoesNotExist', '');
    return {
      CommandId: command.id,
      InstanceId: one.node.id,
      Status: one.status,
      StatusDetails: one.detail === 'Delivering' ? 'Pending' : one.detail,
      ResponseCode: one.code,
      StandardOutputContent: one.stdout,
      StandardErrorContent: one.stderr,
    };
  },

  ListCommandInvocations(p, { state, clock }) {
    const command = state.ssm.commands.get(required(p, 'CommandId'));
    const known = command && clock.now() - command.sentAt >= state.ssm.visibleMs;
    const all = known ? [...command.invocations.values()] : [];
    const { items, next } = page(all, p.NextToken, 20);
    return {
      CommandInvocations: items.map(({ node, status, detail }) => ({
        CommandId: command?.id,
        InstanceId: node.id,
        Status: status,
        StatusDetails: detail === 'Delivering' ? 'Pending' : detail,
      })),
      NextToken: next,
    };
  },

  CancelCommand(p, context) {
    const command = known(p, context);
    const ids = p.InstanceIds as string[] | undefined;
    for (const [id, one] of command.invocations) {
      if (ids && !ids.includes(id)) continue;
      context.clock.after(context.state.ssm.cancelMs, () => {
        if (one.status === 'Pending') Object.assign(one, { status: 'Cancelled', detail: 'Cancelled' });
        else if (one.status === 'InProgress') {
          Object.assign(one, { status: 'Cancelling', detail: 'Cancelling' });
          one.execution?.kill();
        }
      });
    }
    return {};
  },

  DescribeInstanceInformation(p, { state }) {
    const filters = (p.Filters as { Key: string; Values: string[] }[] | undefined) ?? [];
    const wanted = filters.find(({ Key }) => Key === 'InstanceIds')?.Values;
    if (wanted && (wanted.length === 0 || wanted.length > 100))
      throw new FakeError('ValidationException', 'Values must have a length between 1 and 100');
    const all = [...state.ssm.nodes.values()].filter(({ id }) => !wanted || wanted.includes(id));
    // As AWS: a page may hold fewer than it might.
    const { items, next } = page(all, p.NextToken, Math.min(Number(p.MaxResults ?? 10), 50));
    return {
      NextToken: next,
      InstanceInformationList: items.map(({ id, ping, heardAt }) => ({
        InstanceId: id,
        PingStatus: ping,
        LastPingDateTime: heardAt / 1000,
        AgentVersion: '3.3.1611.0',
        PlatformType: 'Linux',
      })),
    };
  },

  StartSession(p, { state, url }) {
    const node = state.ssm.nodes.get(required(p, 'Target'));
    if (node?.ping !== 'Online') throw new FakeError('TargetNotConnected', `${p.Target} is not connected.`);
    const port = (p.Parameters as { portNumber?: string[] } | undefined)?.portNumber?.[0];
    state.ssm.sessions.push(port === undefined ? node.id : `${node.id}:${port}`);
    return {
      SessionId: `dev-${state.ssm.sessions.length}`,
      StreamUrl: `${url.replace('http', 'ws')}/session`,
      TokenValue: 'fake-session-token',
    };
  },
};
