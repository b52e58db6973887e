import * as Flags from '@oclif/core/flags';
import { HostCommand } from '../../lib/cli/command/host-command.ts';
import { appFlags, checkImageFlags } from '../../lib/cli/flags/redeploy-flags.ts';
import { refreshesView } from '../../lib/cli/views/redeploy-image-view.ts';
import { releaseHistoryView } from '../../lib/cli/views/redeploy-view.ts';
import type { View } from '../../lib/cli/views/view.ts';

export default class RedeployHistory extends HostCommand<typeof RedeployHistory> {
  static override summary = 'Show the releases of an application, newest first.';
  static override description =
    'The log that each host keeps: every deploy and every rollback, who did it, and how it ended.';
  static override examples = ['<%= config.bin %> <%= command.id %>'];
  static override flags = {
    ...appFlags,
    limit: Flags.integer({ description: 'How many, the newest.', default: 20, min: 1, max: 1000 }),
  };

  protected override async work(): Promise<View> {
    const desk = await this.releaseDesk();
    const images = await desk.images(this.flags.app);
    if (images) {
      checkImageFlags({ host: this.flags.host });
      return refreshesView(await images.history(this.flags.limit));
    }
    const places = await desk.choose(this.flags.app, this.flags.host);
    const found = await Promise.all(
      places.map(async (place) => ({ place, entries: await desk.history(place, this.flags.limit) })),
    );
    await this.rememberNames(
      'release',
      found.flatMap(({ entries }) =>
        entries
          .filter(({ here, result }) => here && result === 'good')
          .map(({ id, subject }) => ({ value: id, ...(subject ? { description: subject } : {}) })),
      ),
    );
    return releaseHistoryView(found);
  }
}
