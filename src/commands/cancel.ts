import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { confirmMild } from '../lib/cli/asking/prompt.ts';
import { ProjectCommand } from '../lib/cli/command/project-command.ts';
import { cancellationLine, cancelView, deletionQuestion } from '../lib/cli/views/stacks-view.ts';
import type { View } from '../lib/cli/views/view.ts';

export default class Cancel extends ProjectCommand<typeof Cancel> {
  static override summary = 'Stop what runs on a stack: an update is taken back, a first creation deleted.';
  static override description =
    'Follows it until the stack is what it was before. A first creation has no before: what was made of it ' +
    'is deleted, after asking. Where nothing runs, nothing is done.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> app',
    { description: 'In a script', command: '<%= config.bin %> <%= command.id %> app --yes' },
  ];
  static override args = {
    stack: Args.string({
      description: 'The stack, as infractl.yaml names it.',
      required: true,
      ignoreStdin: true,
    }),
  };
  static override flags = {
    yes: Flags.boolean({ char: 'y', description: 'Do not ask before a first creation is deleted.' }),
  };
  static override streams = true;

  protected override async work(): Promise<View> {
    await this.guardProtected();
    const desk = await this.stackDesk();
    const subject = await desk.subject(this.args.stack);
    await this.sayPlace();
    const found = await desk.cancellation(subject);
    if (found.do === 'nothing')
      return cancelView(subject, { outcome: 'nothing', status: subject.state?.status, ...found });
    const { account } = await (await this.session()).identity();
    this.say(cancellationLine(subject, found.do, account));
    if (found.do === 'delete')
      await confirmMild(this.prompter, { question: deletionQuestion(subject), yes: this.flags.yes });
    return cancelView(subject, await desk.cancel(subject, found.do));
  }
}
