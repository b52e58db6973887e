import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { ProjectCommand } from '../lib/cli/command/project-command.ts';
import { EventPrinter, eventsView } from '../lib/cli/views/events-view.ts';
import type { View } from '../lib/cli/views/view.ts';
import { reportedEvent } from '../lib/stacks/index.ts';

export default class Events extends ProjectCommand<typeof Events> {
  static override summary = 'Show what CloudFormation did: the events of the stacks, nested ones included.';
  static override needs = 'names' as const;
  static override description =
    'The newest events of one stack or of all, oldest first. With --follow: what runs now, from its first ' +
    'event to its end. Under --json one event a line, the result last.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    { description: 'What failed', command: '<%= config.bin %> <%= command.id %> app --failed' },
    { description: 'Until it ends', command: '<%= config.bin %> <%= command.id %> app --follow' },
  ];
  static override args = {
    stack: Args.string({ description: 'One stack, as infractl.yaml names it.', ignoreStdin: true }),
  };
  static override flags = {
    follow: Flags.boolean({ char: 'f', description: 'Go on until what runs is done.' }),
    limit: Flags.integer({
      description: 'How many events to show, the newest.',
      default: 50,
      min: 1,
      max: 10_000,
    }),
    failed: Flags.boolean({ description: 'Only what failed.' }),
  };
  static override streams = true;

  protected override async work(): Promise<View> {
    const { follow, failed, limit, json } = this.flags;
    const printer = new EventPrinter({
      failed,
      json,
      colour: this.terminal.colourOut,
      columns: process.stdout.isTTY ? process.stdout.columns || 80 : Number.POSITIVE_INFINITY,
      write: (line) => process.stdout.write(`${this.redactor.redact(line)}\n`),
    });
    const desk = await this.stackDesk(printer);
    const subjects = this.args.stack ? [await desk.subject(this.args.stack)] : await desk.subjects();
    if (follow && (await desk.follow(subjects)) > 0) return eventsView([], { shown: printer.shown });
    const found = await desk.events(subjects, { limit, failed });
    if (json) for (const { part, event } of found) printer.emit(reportedEvent(part, event));
    return eventsView(found, { shown: found.length, idle: follow });
  }
}
