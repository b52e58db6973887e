import * as Args from '@oclif/core/args';
import { HostCommand } from '../../lib/cli/command/host-command.ts';
import { timeFlag } from '../../lib/cli/flags/duration-flag.ts';
import {
  appFlags,
  checkImageFlags,
  limitFlags,
  limitsOf,
  waitFlag,
} from '../../lib/cli/flags/redeploy-flags.ts';
import { imageReleasedView } from '../../lib/cli/views/redeploy-image-view.ts';
import { releasedView, releasePlaceLine } from '../../lib/cli/views/redeploy-view.ts';
import type { View } from '../../lib/cli/views/view.ts';

export default class RedeployRollback extends HostCommand<typeof RedeployRollback> {
  static override summary = 'Go back to the release before, with the code and the environment that it had.';
  static override description =
    'Through the same gate and the same health checks as a deploy, and nothing is built. A rollback is a ' +
    'release as well: the same command once more undoes it. --settle watches it for a while before it is declared good.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    {
      description: 'To one of them, by its id, its beginning or its commit',
      command: '<%= config.bin %> <%= command.id %> 20261121T140211Z',
    },
  ];
  static override args = {
    release: Args.string({ description: 'The release. Default: the one before.', ignoreStdin: true }),
  };
  static override flags = {
    ...appFlags,
    settle: timeFlag('How long it must stay healthy before it is declared good.'),
    ...limitFlags,
    wait: waitFlag,
  };
  static override streams = true;

  protected override async work(): Promise<View> {
    await this.guardProtected();
    const { app, host = [], settle = 0, wait = 0 } = this.flags;
    const desk = await this.releaseDesk();
    const images = await desk.images(app);
    if (images) {
      const { batch, 'max-errors': errors, wait: waits } = this.flags;
      const given = { host: this.flags.host, settle: this.flags.settle, wait: waits };
      checkImageFlags({ ...given, batch, 'max-errors': errors });
      return imageReleasedView(await images.rollback(this.args.release));
    }
    const places = await desk.choose(app, host);
    if (!this.flags.json) this.say(releasePlaceLine(places));
    const choice = { release: this.args.release, settle, wait, limits: limitsOf(this.flags) };
    const outcomes = await desk.rollback(places, choice);
    return releasedView(outcomes, 'rollback');
  }
}
