import * as Flags from '@oclif/core/flags';
import { confirmMild } from '../../lib/cli/asking/prompt.ts';
import { HostCommand } from '../../lib/cli/command/host-command.ts';
import { appFlags, waitFlag } from '../../lib/cli/flags/redeploy-flags.ts';
import { prunedView, pruneLines } from '../../lib/cli/views/redeploy-view.ts';
import type { View } from '../../lib/cli/views/view.ts';

export default class RedeployPrune extends HostCommand<typeof RedeployPrune> {
  static override summary = 'Remove old releases from the hosts of an application.';
  static override description =
    'The newest good ones stay ("keep" of the configuration, or --keep), and what runs stays always. Failed ' +
    'ones go first and never push out a good one. Every deploy does this by itself.';
  static override examples = [
    { description: 'See what would go', command: '<%= config.bin %> <%= command.id %> --dry-run' },
    { description: 'In a script', command: '<%= config.bin %> <%= command.id %> --keep 2 --yes' },
  ];
  static override flags = {
    ...appFlags,
    keep: Flags.integer({ description: 'How many good ones stay.', min: 1, max: 100 }),
    'dry-run': Flags.boolean({ description: 'Show what would go; remove nothing.' }),
    yes: Flags.boolean({ char: 'y', description: 'Do not ask.' }),
    wait: waitFlag,
  };

  protected override async work(): Promise<View> {
    const { app, host, keep, yes, wait = 0, 'dry-run': dryRun } = this.flags;
    if (!dryRun) await this.guardProtected();
    const desk = await this.releaseDesk();
    const places = await desk.choose(app, host);
    const prune = (looking: boolean) =>
      Promise.all(
        places.map(async (place) => ({
          place,
          removed: await desk.prune(place, { keep, dryRun: looking, wait }),
        })),
      );
    const planned = await prune(true);
    if (dryRun || planned.every(({ removed }) => removed.length === 0)) return prunedView(planned, dryRun);
    this.say(pruneLines(planned, 'This removes'));
    await confirmMild(this.prompter, { question: 'Remove them?', yes });
    return prunedView(await prune(false), false);
  }
}
