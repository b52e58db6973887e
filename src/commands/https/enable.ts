import * as Flags from '@oclif/core/flags';
import { confirmMild } from '../../lib/cli/asking/prompt.ts';
import { HostCommand } from '../../lib/cli/command/host-command.ts';
import { appFlags } from '../../lib/cli/flags/redeploy-flags.ts';
import { changeLines, changesView, httpsView, needsChange } from '../../lib/cli/views/setup-view.ts';
import type { View } from '../../lib/cli/views/view.ts';

export default class HttpsEnable extends HostCommand<typeof HttpsEnable> {
  static override summary = "Serve a site by HTTPS, with a certificate of Let's Encrypt.";
  static override description =
    'Installs certbot, fetches a certificate for nginx.host of the release, and writes the site of nginx: TLS 1.2 ' +
    'and 1.3, HSTS, HTTP sent to HTTPS, WebSockets. The name must lead to the host, and port 80 be open. ' +
    'Where all of that is so already, nothing is done. certbot renews the certificate by itself.';
  static override examples = [
    { description: 'See what it would change', command: '<%= config.bin %> <%= command.id %> --dry-run' },
    {
      description: 'In a script',
      command: '<%= config.bin %> <%= command.id %> --email ops@example.com --yes',
    },
  ];
  static override flags = {
    ...appFlags,
    email: Flags.string({
      description: "Where Let's Encrypt writes to when a certificate is about to expire.",
    }),
    staging: Flags.boolean({
      description: "Use Let's Encrypt's servers for trying: browsers do not trust the result.",
    }),
    'dry-run': Flags.boolean({ description: 'Show what would change; change nothing.' }),
    yes: Flags.boolean({ char: 'y', description: 'Do not ask.' }),
  };

  protected override async work(): Promise<View> {
    const { app, host, email, staging = false, yes, 'dry-run': dryRun } = this.flags;
    if (!dryRun) await this.guardProtected();
    const desk = await this.releaseDesk();
    const places = await desk.choose(app, host);
    const enable = (looking: boolean) =>
      Promise.all(
        places.map(async (place) => {
          const state = await desk.https(place, { action: 'enable', dryRun: looking, email, staging });
          return { place, state, changes: state.changes ?? [] };
        }),
      );
    const planned = await enable(true);
    if (dryRun) return changesView(planned, true);
    if (!needsChange(planned)) return httpsView(planned, 'Nothing to do: everything is as it should be.');
    this.say(changeLines(planned, 'This changes'));
    await confirmMild(this.prompter, { question: 'Go on?', yes });
    return httpsView(await enable(false));
  }
}
