import * as Args from '@oclif/core/args';
import { HostCommand } from '../../lib/cli/command/host-command.ts';
import { timeFlag } from '../../lib/cli/flags/duration-flag.ts';
import { copiedView } from '../../lib/cli/views/host-view.ts';
import type { View } from '../../lib/cli/views/view.ts';

export default class HostCopy extends HostCommand<typeof HostCopy> {
  static override summary = 'Copy a file or a folder to a host, or from it.';
  static override description =
    'One of the two is HOST:PATH, the other one a path of this machine. Of a folder its content is copied into ' +
    'the other one, which is made where it is not there. A file is under its name only when it is whole.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> infractl.yaml web:/tmp/',
    { description: 'A folder', command: '<%= config.bin %> <%= command.id %> web:/etc/nginx nginx' },
  ];
  static override args = {
    from: Args.string({ description: 'What to copy: PATH or HOST:PATH.', required: true, ignoreStdin: true }),
    to: Args.string({ description: 'Where to: PATH or HOST:PATH.', required: true, ignoreStdin: true }),
  };
  static override flags = { timeout: timeFlag('Stop after so long: 5m, 90s.') };

  protected override async work(): Promise<View> {
    const { from, to } = this.args;
    const desk = await this.hostDesk();
    const order = desk.copyOrder(from, to);
    if (order.way === 'up') await this.guardProtected();
    await desk.copy(order, this.flags.timeout);
    return copiedView(order);
  }
}
