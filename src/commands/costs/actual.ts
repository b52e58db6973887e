import * as Flags from '@oclif/core/flags';
import { confirmMild } from '../../lib/cli/asking/prompt.ts';
import { CostsCommand } from '../../lib/cli/command/costs-command.ts';
import { billView } from '../../lib/cli/views/bill-view.ts';
import type { View } from '../../lib/cli/views/view.ts';

export default class CostsActual extends CostsCommand<typeof CostsActual> {
  static override summary = 'Show what AWS billed, and how far the estimate explains it.';
  static override description =
    'Asks Cost Explorer for what carries the tags of the project. AWS charges $0.01 for a question: it is asked for ' +
    'once whether that may be, and an answer is kept for the day.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --yes',
    {
      description: 'Half a year, by the parts of the project',
      command: '<%= config.bin %> <%= command.id %> --months 6 --by part',
    },
  ];
  static override flags = {
    months: Flags.integer({
      description: 'Full months before the one that runs.',
      default: 1,
      min: 1,
      max: 12,
    }),
    by: Flags.string({
      description: 'What the figures are of.',
      options: ['service', 'part'],
      default: 'service',
      exclusive: ['account'],
    }),
    account: Flags.boolean({
      description: 'All of the account, not only what carries the tags of the project.',
    }),
    yes: Flags.boolean({ char: 'y', description: 'Do not ask whether a question may cost $0.01.' }),
  };

  protected override async work(): Promise<View> {
    const { months, account: wholeAccount, by, yes } = this.flags;
    const desk = await this.costDesk();
    await this.sayPlace();
    const question = 'Cost Explorer charges $0.01 for a question. Ask it, now and in future?';
    const agree = () => confirmMild(this.prompter, { question, yes });
    const report = await desk.bill({ months, wholeAccount, agree });
    return billView(report, by === 'part' ? 'part' : 'service', this.where);
  }
}
