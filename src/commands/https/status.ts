import { HostCommand } from '../../lib/cli/command/host-command.ts';
import { appFlags } from '../../lib/cli/flags/redeploy-flags.ts';
import { httpsView } from '../../lib/cli/views/setup-view.ts';
import type { View } from '../../lib/cli/views/view.ts';

export default class HttpsStatus extends HostCommand<typeof HttpsStatus> {
  static override summary = 'Show the certificate of a site: until when it is good, and what renews it.';
  static override description = 'Exits with 8 where it has expired.';
  static override examples = ['<%= config.bin %> <%= command.id %>'];
  static override flags = appFlags;

  protected override async work(): Promise<View> {
    const desk = await this.releaseDesk();
    const places = await desk.choose(this.flags.app, this.flags.host);
    const look = async (place: (typeof places)[number]) => ({
      place,
      state: await desk.https(place, { action: 'status' }),
    });
    return httpsView(await Promise.all(places.map(look)));
  }
}
