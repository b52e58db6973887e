import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../lib/cli/command/base-command.ts';
import type { View } from '../../lib/cli/views/view.ts';

export default class SandboxStart extends BaseCommand<typeof SandboxStart> {
  static override summary = 'Start an AWS on this machine.';
  static override description =
    'Runs MiniStack, installed once from PyPI at pinned versions, on 127.0.0.1 alone. It goes on running when the ' +
    'shell ends and keeps what it holds when it is stopped. Starting it again is safe.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --port 4600',
    'eval "$(<%= config.bin %> <%= command.id %> --export)"',
  ];
  static override flags = {
    port: Flags.integer({
      description: 'The port. Default: that of last time, else 4566, else any that is free.',
      min: 1,
      max: 65_535,
    }),
    machines: Flags.boolean({
      description: 'Make EC2 instances machines in containers, where an engine answers. Default: yes.',
      allowNo: true,
    }),
    export: Flags.boolean({ description: 'Print only the variables to export, for eval.' }),
  };

  static override single = true;

  protected async work(): Promise<View> {
    const { exportLines, sandboxVariables, startSandbox } = await import('../../lib/sandbox/index.ts');
    const started = await startSandbox({
      port: this.flags.port,
      machines: this.flags.machines,
      reporter: await this.reporter(),
      signal: this.interrupts.watch(),
    });
    const { outcome, endpoint, port, pid, version, log, target } = started;
    const variables = sandboxVariables(target).set;
    return {
      json: { outcome, endpoint, port, pid, version, log, variables },
      text: ({ paint }) => {
        const lines = exportLines(target);
        if (this.flags.export) return lines.join('\n');
        const already = outcome === 'already-running' ? 'was running already' : 'is running';
        return [
          `The sandbox ${already} at ${paint('bold', endpoint)} (MiniStack ${version}, process ${pid}).`,
          '',
          `Use it with ${paint('bold', '--sandbox')} on any command, such as:`,
          '  infractl deploy --create-stack --sandbox',
          '',
          'or with any AWS tool, in this shell:',
          ...lines.map((line) => `  ${line}`),
          paint('dim', '  the same in one go: eval "$(infractl sandbox start --export)"'),
          '',
          'What it cannot do: infractl sandbox status',
        ].join('\n');
      },
    };
  }
}
