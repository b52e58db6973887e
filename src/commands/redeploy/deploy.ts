import * as Flags from '@oclif/core/flags';
import { HostCommand } from '../../lib/cli/command/host-command.ts';
import { timeFlag } from '../../lib/cli/flags/duration-flag.ts';
import {
  appFlags,
  checkImageFlags,
  limitFlags,
  limitsOf,
  waitFlag,
} from '../../lib/cli/flags/redeploy-flags.ts';
import { imageReleasedView, imageStatusView } from '../../lib/cli/views/redeploy-image-view.ts';
import { plannedView } from '../../lib/cli/views/redeploy-plan-view.ts';
import { releasedView, releasePlaceLine } from '../../lib/cli/views/redeploy-view.ts';
import type { View } from '../../lib/cli/views/view.ts';

export default class RedeployDeploy extends HostCommand<typeof RedeployDeploy> {
  static override summary = 'Release the newest code to the hosts of an application.';
  static override description =
    'Fetches the ref (or brings the folder), builds beside what runs, and switches when all is ready. The new ' +
    'release must be healthy and stay so; if not, the old one serves again by itself, and the exit code is 8. ' +
    'Where nothing is new, nothing is done. Several hosts get it one after the other, the members of an auto scaling ' +
    'group a few at a time and out of the load balancer; the first failure stops it, unless --max-errors allows more. ' +
    'Those of Systems Manager get it as one command, whose own engine keeps to both limits.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    {
      description: 'Another branch, tag or commit',
      command: '<%= config.bin %> <%= command.id %> --ref main',
    },
    {
      description: 'See what would be released',
      command: '<%= config.bin %> <%= command.id %> --dry-run',
    },
    {
      description: 'Again, also where nothing is new',
      command: '<%= config.bin %> <%= command.id %> --force --settle 5s',
    },
  ];
  static override flags = {
    ...appFlags,
    ref: Flags.string({ description: 'A branch, a tag or a commit instead of the configured one.' }),
    force: Flags.boolean({ description: 'Make a new release also where nothing is new.' }),
    'dry-run': Flags.boolean({ description: 'Show what would be released, and change nothing.' }),
    settle: timeFlag('How long it must stay healthy before it is declared good.'),
    ...limitFlags,
    wait: waitFlag,
  };
  static override streams = true;

  protected override async work(): Promise<View> {
    const { app, host = [], ref, force, settle, wait = 0, 'dry-run': dryRun } = this.flags;
    if (!dryRun) await this.guardProtected();
    const desk = await this.releaseDesk();
    const images = await desk.images(app);
    if (images) {
      const { batch, 'max-errors': errors, wait: waits } = this.flags;
      checkImageFlags({
        host: this.flags.host,
        ref,
        force,
        settle,
        wait: waits,
        batch,
        'max-errors': errors,
      });
      return dryRun ? imageStatusView(await images.status(), true) : imageReleasedView(await images.deploy());
    }
    const places = await desk.choose(app, host);
    const choice = { ref, force, settle, wait, limits: limitsOf(this.flags) };
    if (dryRun) return plannedView(await desk.plan(places, choice), places);
    if (!this.flags.json) this.say(releasePlaceLine(places));
    return releasedView(await desk.deploy(places, choice), 'deploy');
  }
}
