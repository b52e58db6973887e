import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { listed } from '../../lib/base/text.ts';
import { filterFlag, LogCommand } from '../../lib/cli/command/log-command.ts';
import { shownFlags } from '../../lib/cli/flags/log-flags.ts';
import { fieldsOf, grepOf, LogPrinter } from '../../lib/cli/views/log-lines.ts';
import { chosenBy, Newest, readView, told } from '../../lib/cli/views/log-view.ts';
import type { View } from '../../lib/cli/views/view.ts';

export default class Logs extends LogCommand<typeof Logs> {
  static override summary = 'Show the logs of functions, stacks and log groups, in one order of time.';
  static override needs = 'names' as const;
  static override description =
    'Without a name: all that the stacks and functions of the environment write. A name is a function or a stack of ' +
    'infractl.yaml, a host (its journal), a log group, or the beginning of several: /aws/lambda/. With --follow it goes on; ' +
    'each event is shown once, also those that arrive late. Under --json one event a line, the result last.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    { description: 'As it comes', command: '<%= config.bin %> <%= command.id %> api --follow' },
    {
      description: 'What went wrong today',
      command: '<%= config.bin %> <%= command.id %> --since today --grep "error|timed out"',
    },
    {
      description: 'Some fields of JSON messages',
      command: '<%= config.bin %> <%= command.id %> api --fields level,user.id,message',
    },
  ];
  static override strict = false;
  static override args = {
    name: Args.string({
      description: 'Functions, stacks, hosts, log groups, or beginnings of them.',
      ignoreStdin: true,
    }),
  };
  static override flags = {
    filter: filterFlag,
    follow: Flags.boolean({ char: 'f', description: 'Go on until Ctrl-C.', exclusive: ['until', 'lines'] }),
    live: Flags.boolean({
      description: 'Follow by Live Tail, which AWS bills by the minute; what it leaves out is read.',
      exclusive: ['until', 'lines'],
    }),
    ...shownFlags,
  };
  static override streams = true;

  protected override async work(): Promise<View> {
    const { follow, live, lines, grep, fields, pretty, raw, json } = this.flags;
    const { from, to } = this.times(Date.now());
    const matching = grep === undefined ? undefined : grepOf(grep);
    const desk = await this.logDesk();
    const sources = await desk.sources(this.words);
    const shown = { json, raw, pretty, fields: fieldsOf(fields), grep: matching };
    const printer = new LogPrinter({ ...shown, ...this.output() }, sources);
    const choose = chosenBy(matching);
    if (follow || live) {
      this.say(`Following ${listed(sources.map(({ name }) => name))}. Ctrl-C ends it.`);
      const paid = live && sources.some(({ host }) => host === undefined);
      const price = paid ? await this.price({ kind: 'live-tail' }) : undefined;
      const tell = told(printer, choose, (line) => this.say(line), price);
      await desk.follow(sources, { from, pattern: this.pattern }, tell, live);
    }
    const newest = lines === undefined ? undefined : new Newest(lines);
    const window = { from, to: to ?? (await desk.now()), pattern: this.pattern };
    const result = await this.reading((reading) =>
      desk.read(sources, window, (events) => {
        if (newest) newest.add(choose(events).filter((event) => printer.shows(event)));
        else printer.print(choose(events));
        reading.add(events, printer.shown);
        return this.taken();
      }),
    );
    if (newest) printer.print(newest.events());
    return readView(printer.shown, sources, result, this.words.length === 0 ? desk.hostNames : []);
  }
}
