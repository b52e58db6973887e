import * as Args from '@oclif/core/args';
import { ProjectCommand } from '../lib/cli/command/project-command.ts';
import { attachView } from '../lib/cli/views/stacks-view.ts';
import type { View } from '../lib/cli/views/view.ts';

export default class Attach extends ProjectCommand<typeof Attach> {
  static override summary = 'Join what runs on a stack, and follow it to its end.';
  static override needs = 'names' as const;
  static override description =
    'Works from any machine, whoever began it. Ends as the deploy itself would: with its exit code, and with ' +
    'the first cause where it fails. Ctrl-C asks what becomes of it: it goes on, or is taken back.';
  static override examples = ['<%= config.bin %> <%= command.id %> app'];
  static override args = {
    stack: Args.string({
      description: 'The stack, as infractl.yaml names it.',
      required: true,
      ignoreStdin: true,
    }),
  };
  static override streams = true;

  protected override async work(): Promise<View> {
    const desk = await this.stackDesk();
    const subject = await desk.subject(this.args.stack);
    await this.sayPlace();
    this.takesBack = desk.mayTakeBack(subject) && (await this.mayChange());
    return attachView(subject, await desk.attach(subject));
  }
}
