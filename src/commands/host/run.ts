import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { HostCommand } from '../../lib/cli/command/host-command.ts';
import { timeFlag } from '../../lib/cli/flags/duration-flag.ts';
import { hostFlags, instanceFlags, instancesOf, shareFlag } from '../../lib/cli/flags/host-flags.ts';
import { hostLines, hostRunView } from '../../lib/cli/views/host-lines.ts';
import type { View } from '../../lib/cli/views/view.ts';

export default class HostRun extends HostCommand<typeof HostRun> {
  static override summary = 'Run a command on hosts, and show what it prints.';
  static override needs = 'names' as const;
  static override description =
    'The words behind -- reach the host as they are: no shell reads them; give sh -c to have one. Ctrl-C and ' +
    'the timeout kill the command on the host too. With several hosts it runs on all at the same time, and ' +
    'each line begins with its host. Exits with 1 where it failed, with 3 where it failed on some. More than five ' +
    'hosts of Systems Manager get it as one command of its own engine. --id i-… --user ubuntu takes an instance that no ' +
    'infractl.yaml names.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> -- uptime',
    {
      description: 'As root',
      command: '<%= config.bin %> <%= command.id %> --sudo -- systemctl restart nginx',
    },
    { description: 'On all hosts', command: '<%= config.bin %> <%= command.id %> --all -- df -h /' },
  ];
  static override strict = false;
  static override args = {
    command: Args.string({
      description: 'The command and its words, behind --.',
      required: true,
      ignoreStdin: true,
    }),
  };
  static override flags = {
    ...hostFlags,
    ...instanceFlags,
    sudo: Flags.boolean({ description: 'Run it as root.' }),
    timeout: timeFlag('Stop it after so long: 5m, 90s.'),
    concurrency: shareFlag('By Systems Manager: so many hosts at a time, 10 or 25%. Default: 50.'),
    'max-errors': shareFlag(
      'By Systems Manager: begin no further host after more failures, 2 or 10%. Default: 0.',
    ),
  };
  static override streams = true;

  protected override async work(): Promise<View> {
    const instances = instancesOf(this.flags);
    await this.guardProtected();
    const desk = await this.hostDesk();
    const { json, sudo, timeout, concurrency, 'max-errors': errors } = this.flags;
    const hosts = instances.length > 0 ? instances : desk.choose(this.flags.host ?? [], this.flags.all);
    const { colourOut, colourErr } = this.terminal;
    const redact = (text: string) => this.redactor.redact(text);
    const print = hostLines({ hosts: hosts.map(({ name }) => name), json, colourOut, colourErr, redact });
    const [first = '', ...rest] = this.words;
    const order = { argv: [first, ...rest] as const, sudo, concurrency, errors };
    return hostRunView(await desk.run(hosts, { ...order, ...(timeout ? { timeout } : {}) }, print));
  }
}
