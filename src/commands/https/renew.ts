import * as Flags from '@oclif/core/flags';
import { HostCommand } from '../../lib/cli/command/host-command.ts';
import { appFlags } from '../../lib/cli/flags/redeploy-flags.ts';
import { httpsView } from '../../lib/cli/views/setup-view.ts';
import type { View } from '../../lib/cli/views/view.ts';

export default class HttpsRenew extends HostCommand<typeof HttpsRenew> {
  static override summary = 'Renew the certificate of a site where it is about to expire.';
  static override description =
    "certbot renews within 30 days of the end; --force renews at once, which Let's Encrypt counts. --dry-run tries " +
    'the whole way with its servers for trying and keeps nothing.';
  static override examples = [
    { description: 'Try whether it would work', command: '<%= config.bin %> <%= command.id %> --dry-run' },
  ];
  static override flags = {
    ...appFlags,
    force: Flags.boolean({ description: 'Renew also where there is time left.' }),
    'dry-run': Flags.boolean({ description: 'Try it; keep nothing.' }),
  };

  protected override async work(): Promise<View> {
    const { app, host, force = false, 'dry-run': dryRun = false } = this.flags;
    if (!dryRun) await this.guardProtected();
    const desk = await this.releaseDesk();
    const places = await desk.choose(app, host);
    const found = [];
    for (const place of places) {
      await desk.https(place, { action: 'renew', dryRun, force });
      found.push({ place, state: await desk.https(place, { action: 'status' }) });
    }
    return httpsView(found, dryRun ? 'A renewal would work.' : '');
  }
}
