import * as Flags from '@oclif/core/flags';
import { confirmMild } from '../../lib/cli/asking/prompt.ts';
import { HostCommand } from '../../lib/cli/command/host-command.ts';
import { appFlags } from '../../lib/cli/flags/redeploy-flags.ts';
import { busyWords, unlockedView } from '../../lib/cli/views/redeploy-view.ts';
import type { View } from '../../lib/cli/views/view.ts';

export default class RedeployUnlock extends HostCommand<typeof RedeployUnlock> {
  static override summary = 'Stop a release that hangs on a host, and take its lock.';
  static override description =
    'A lock whose process is gone needs no unlocking: it went with it. What is stopped before its switch takes ' +
    'itself back; one that is in the middle of the switch is let finish, and killed when it does not within 10 s. ' +
    'The next deploy or rollback takes back what was left. Members of an auto scaling group that were out of service are put back.';
  static override examples = [
    { description: 'In a script', command: '<%= config.bin %> <%= command.id %> --yes' },
  ];
  static override flags = {
    ...appFlags,
    yes: Flags.boolean({ char: 'y', description: 'Do not ask.' }),
  };

  protected override async work(): Promise<View> {
    await this.guardProtected();
    const desk = await this.releaseDesk();
    const places = await desk.choose(this.flags.app, this.flags.host);
    const busy: typeof places = [];
    for (const place of places) {
      const { busy: holder } = await desk.status(place, false);
      if (!holder) continue;
      busy.push(place);
      this.say(`${place.host.name}: ${busyWords(holder)}.`);
    }
    const group = await desk.rollOutOf(places);
    if (group)
      this.say(`${group.by} is at the group, heard of ${group.heard} ago; out of service: ${group.out}.`);
    if (busy.length === 0 && !group) return unlockedView([]);
    await confirmMild(this.prompter, { question: 'Stop that, and take the lock?', yes: this.flags.yes });
    if (group) await desk.stopRollOut(places);
    return unlockedView(
      await Promise.all(busy.map(async (place) => ({ place, unlocked: await desk.unlock(place) }))),
      group !== undefined,
    );
  }
}
