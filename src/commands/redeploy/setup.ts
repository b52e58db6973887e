import * as Flags from '@oclif/core/flags';
import { confirmMild } from '../../lib/cli/asking/prompt.ts';
import { HostCommand } from '../../lib/cli/command/host-command.ts';
import { appFlags } from '../../lib/cli/flags/redeploy-flags.ts';
import { changeLines, changesView, needsChange } from '../../lib/cli/views/setup-view.ts';
import type { View } from '../../lib/cli/views/view.ts';

export default class RedeploySetup extends HostCommand<typeof RedeploySetup> {
  static override summary = 'Make a bare Debian or Ubuntu host ready for an application.';
  static override description =
    'Packages, the user, folders, the systemd unit from "start", and the site of nginx with WebSockets. Shows ' +
    'what it would change, asks, and changes it; what is right already is left alone, so it may be run again at ' +
    'any time. A configuration that nginx does not accept is taken back.';
  static override examples = [
    { description: 'See what it would change', command: '<%= config.bin %> <%= command.id %> --dry-run' },
    { description: 'In a script', command: '<%= config.bin %> <%= command.id %> --yes' },
  ];
  static override flags = {
    ...appFlags,
    'dry-run': Flags.boolean({ description: 'Show what would change; change nothing.' }),
    yes: Flags.boolean({ char: 'y', description: 'Do not ask.' }),
  };

  protected override async work(): Promise<View> {
    const { app, host, yes, 'dry-run': dryRun } = this.flags;
    if (!dryRun) await this.guardProtected();
    const desk = await this.releaseDesk();
    const places = await desk.choose(app, host);
    const setup = (looking: boolean) =>
      Promise.all(places.map(async (place) => ({ place, changes: await desk.setup(place, looking) })));
    const planned = await setup(true);
    if (dryRun || !needsChange(planned)) return changesView(planned, dryRun);
    this.say(changeLines(planned, 'This changes'));
    await confirmMild(this.prompter, { question: 'Go on?', yes });
    return changesView(await setup(false), false);
  }
}
