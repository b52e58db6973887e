import * as Flags from '@oclif/core/flags';
import { HostCommand } from '../../lib/cli/command/host-command.ts';
import { appFlags, checkImageFlags } from '../../lib/cli/flags/redeploy-flags.ts';
import { imageStatusView } from '../../lib/cli/views/redeploy-image-view.ts';
import { releaseStatusView } from '../../lib/cli/views/redeploy-view.ts';
import type { View } from '../../lib/cli/views/view.ts';

export default class RedeployStatus extends HostCommand<typeof RedeployStatus> {
  static override summary = 'Show which release runs, since when, from whom, and how it is.';
  static override description =
    'Also the disk of the host, who is at work there, and how far the ref is ahead of what runs; for that the ' +
    'host fetches the repository, unless --no-fetch. Exits with 8 where the application is not healthy, ' +
    'with 3 where a host of several does not answer.';
  static override examples = ['<%= config.bin %> <%= command.id %>'];
  static override flags = {
    ...appFlags,
    fetch: Flags.boolean({ description: 'Look what the ref means now.', default: true, allowNo: true }),
  };

  protected override async work(): Promise<View> {
    const desk = await this.releaseDesk();
    const images = await desk.images(this.flags.app);
    if (images) {
      checkImageFlags({ host: this.flags.host, 'no-fetch': !this.flags.fetch });
      return imageStatusView(await images.status(), false);
    }
    const places = await desk.choose(this.flags.app, this.flags.host);
    const found = await desk.statuses(places, this.flags.fetch);
    return releaseStatusView(found, places.length - found.length, Date.now());
  }
}
