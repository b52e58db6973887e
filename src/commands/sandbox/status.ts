import { bytes, duration, listed, plural } from '../../lib/base/text.ts';
import { BaseCommand } from '../../lib/cli/command/base-command.ts';
import type { Ui } from '../../lib/cli/terminal.ts';
import { pairs } from '../../lib/cli/views/table.ts';
import type { View } from '../../lib/cli/views/view.ts';
import { wrapped } from '../../lib/cli/views/wrap.ts';
import type { SandboxStatus as Status } from '../../lib/sandbox/index.ts';

const STATE: Record<Status['state'], string> = {
  running: 'running',
  starting: 'being started',
  silent: 'running, but it does not answer: look at its log',
  gone: 'not running: it ended without being stopped (infractl sandbox start)',
  stopped: 'not running (infractl sandbox start)',
};

export default class SandboxStatus extends BaseCommand<typeof SandboxStatus> {
  static override summary = 'Show the AWS on this machine, and what it cannot do.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --json',
  ];

  protected async work(): Promise<View> {
    const { sandboxStatus } = await import('../../lib/sandbox/index.ts');
    const status = await sandboxStatus();
    return { json: status, text: (ui) => statusText(status, ui) };
  }
}

function statusText(status: Status, ui: Ui): string {
  const limits = status.limits.map((limit) => `  · ${wrapped(limit, ui.columns - 4, 4)}`);
  return [pairs(ui, facts(status)), '', ui.paint('bold', 'What it cannot do'), ...limits].join('\n');
}

function facts(status: Status): [string, string][] {
  const { engine } = status;
  const found: [string, string | undefined][] = [
    ['sandbox', STATE[status.state]],
    ['endpoint', status.endpoint],
    ['process', status.pid === undefined ? undefined : `${status.pid}, MiniStack ${status.version}`],
    ['up for', status.uptimeMs === undefined ? undefined : duration(status.uptimeMs)],
    ['memory', status.memoryBytes === undefined ? undefined : bytes(status.memoryBytes)],
    ['on disk', bytes(status.diskBytes)],
    ['holds', status.stacks === undefined ? undefined : holdings(status)],
    [
      'containers',
      engine.version
        ? `${engine.command} ${engine.version} answers: image functions run`
        : `no engine: image functions cannot run (${engine.reason})`,
    ],
    ['machines', machines(status)],
    ['log', status.log],
  ];
  return found.filter((entry): entry is [string, string] => entry[1] !== undefined);
}

/** The EC2 instances that are machines, one a line; and why others are none. */
function machines({ machines }: Status): string | undefined {
  if (machines === undefined) return undefined;
  const lines = machines.all.map(({ instance, state, address }) => `${instance} ${state}, ${address}`);
  if (machines.reason) lines.push(`EC2 instances are records without a machine: ${machines.reason}`);
  return lines.length > 0 ? lines.join('\n') : 'none yet; an EC2 instance becomes one';
}

function holdings({ stacks = 0, functions = 0, containers = 0 }: Status): string {
  return listed([
    plural(stacks, 'stack'),
    plural(functions, 'function'),
    plural(containers, 'running container'),
  ]);
}
