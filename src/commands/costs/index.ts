import * as Flags from '@oclif/core/flags';
import { CostsCommand } from '../../lib/cli/command/costs-command.ts';
import { estimateView } from '../../lib/cli/views/costs-view.ts';
import type { View } from '../../lib/cli/views/view.ts';

export default class Costs extends CostsCommand<typeof Costs> {
  static override summary = 'Estimate what an environment costs a month.';
  static override description =
    'Reads the templates and counts what AWS charges for, at low, typical and high use; each figure with its price, ' +
    'where that is from and how old it is. How much it is used is assumed, unless `costs:` of infractl.yaml says it. ' +
    'Needs no credentials: prices come from tables in the package, and from what AWS has answered before.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    {
      description: "With the prices of AWS's price list of today",
      command: '<%= config.bin %> <%= command.id %> --refresh',
    },
  ];
  static override flags = {
    refresh: Flags.boolean({ description: "Ask AWS's price list for every price first." }),
  };

  protected override async work(): Promise<View> {
    const desk = await this.costDesk();
    await this.sayPlace();
    return estimateView(await desk.estimate(this.flags));
  }
}
