import * as Args from '@oclif/core/args';
import { silentReporter } from '../lib/base/report.ts';
import { ProjectCommand } from '../lib/cli/command/project-command.ts';
import { explainView } from '../lib/cli/views/explain-view.ts';
import type { View } from '../lib/cli/views/view.ts';

export default class Explain extends ProjectCommand<typeof Explain> {
  static override summary = 'Say why the newest operation on a stack failed, and what to do.';
  static override needs = 'names' as const;
  static override description =
    'Finds what failed first in the events of the stack and of those nested in it, with its line in the template, ' +
    'why in words, what to do, and the way out of a status in which AWS leaves a stack stuck. Looks further where ' +
    'AWS knows more: the log of a function, why tasks of ECS stopped, what a refusal lacked. Exits with 0 ' +
    'whether something failed or not: --json says which.';
  static override examples = ['<%= config.bin %> <%= command.id %> app'];
  static override args = {
    stack: Args.string({
      description: 'The stack, as infractl.yaml names it.',
      required: true,
      ignoreStdin: true,
    }),
  };

  protected override async work(): Promise<View> {
    return explainView(await (await this.stackDesk(silentReporter)).explain(this.args.stack));
  }
}
