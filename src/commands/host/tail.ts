import * as Flags from '@oclif/core/flags';
import { HostCommand } from '../../lib/cli/command/host-command.ts';
import { hostFlags, instanceFlags, instancesOf } from '../../lib/cli/flags/host-flags.ts';
import { hostLines } from '../../lib/cli/views/host-lines.ts';
import { tailView } from '../../lib/cli/views/host-view.ts';
import type { View } from '../../lib/cli/views/view.ts';

export default class HostTail extends HostCommand<typeof HostTail> {
  static override summary = 'Show the newest lines of a log on hosts, and go on with what comes.';
  static override needs = 'names' as const;
  static override description =
    'The journal of systemd units (those under "services" of the host, unless --unit names others), or a file. ' +
    'Ctrl-C ends it; --no-follow ends it at once. With several hosts each line begins with its host.';
  static override examples = [
    { description: 'What was said last', command: '<%= config.bin %> <%= command.id %> --no-follow' },
    {
      description: 'One unit',
      command: '<%= config.bin %> <%= command.id %> --unit nginx --lines 100 --no-follow',
    },
    {
      description: 'A file',
      command: '<%= config.bin %> <%= command.id %> --file /var/log/nginx/error.log --no-follow',
    },
  ];
  static override flags = {
    ...hostFlags,
    ...instanceFlags,
    unit: Flags.string({
      char: 'u',
      multiple: true,
      multipleNonGreedy: true,
      delimiter: ',',
      description: 'A systemd unit; several with commas.',
    }),
    file: Flags.string({
      char: 'f',
      description: 'A file instead of the journal; one that is rotated is followed.',
      exclusive: ['unit'],
    }),
    lines: Flags.integer({
      char: 'n',
      description: 'How many lines of before.',
      default: 20,
      min: 0,
      max: 10_000,
    }),
    follow: Flags.boolean({ description: 'Go on with what comes.', default: true, allowNo: true }),
    sudo: Flags.boolean({ description: 'Read as root.', default: true, allowNo: true }),
  };
  static override streams = true;

  protected override async work(): Promise<View> {
    const { json, host, all, unit: units, file, lines, follow, sudo } = this.flags;
    const instances = instancesOf(this.flags);
    const desk = await this.hostDesk();
    const hosts = instances.length > 0 ? instances : desk.choose(host ?? [], all);
    const { colourOut, colourErr } = this.terminal;
    const redact = (text: string) => this.redactor.redact(text);
    const names = hosts.map(({ name }) => name);
    const print = hostLines({ hosts: names, json, colourOut, colourErr, redact, log: true });
    return tailView(await desk.tail(hosts, { units, file, lines, follow, sudo }, print));
  }
}
