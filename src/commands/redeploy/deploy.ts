import * as Flags from '@oclif/core/flags';
import { HostCommand } from '../../lib/cli/command/host-command.ts';
import { timeFlag } from '../../lib/cli/flags/host-flags.ts';
import { appFlags, waitFlag } from '../../lib/cli/flags/redeploy-flags.ts';
import { releasedView, releasePlaceLine } from '../../lib/cli/views/redeploy-view.ts';
import type { View } from '../../lib/cli/views/view.ts';

export default class RedeployDeploy extends HostCommand<typeof RedeployDeploy> {
  static override summary = 'Release the newest code to the hosts of an application.';
  static override description =
    'Fetches the ref (or brings the folder), builds beside what runs, and switches when all is ready. The new ' +
    'release must be healthy and stay so; if not, the old one serves again by itself, and the exit code is 8. ' +
    'Where nothing is new, nothing is done. Several hosts get it one after the other; the first failure stops it.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    {
      description: 'Another branch, tag or commit',
      command: '<%= config.bin %> <%= command.id %> --ref main',
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
    settle: timeFlag('How long it must stay healthy before it is declared good.'),
    wait: waitFlag,
  };
  static override streams = true;

  protected override async work(): Promise<View> {
    await this.guardProtected();
    const { app, host = [], ref, force, settle, wait = 0 } = this.flags;
    const desk = await this.releaseDesk();
    const places = desk.choose(app, host);
    if (!this.flags.json) this.say(releasePlaceLine(places));
    return releasedView(await desk.deploy(places, { ref, force, settle, wait }), 'deploy');
  }
}
