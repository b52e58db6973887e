import path from 'node:path';
import type { Session } from '../../scripts/docs/stage.ts';
import { noHost, TestHost } from '../../test/helpers/host.ts';
import { appText, CERTBOT, Released } from '../../test/helpers/released.ts';

/** A site that gets its certificate. The stand-in for certbot makes one itself: no request leaves this machine. */
export const session: Session = {
  place: 'a Debian machine in a container',
  missing: () => noHost,
  makes: ['https-enable', 'https-status', 'https-renew'],
  async play(stage) {
    const host = await TestHost.start();
    stage.afterwards(() => host.remove());
    const app = new Released(host, 1);
    stage.afterwards(() => app.remove());
    stage.cd(app.home.work);
    stage.env.PATH = `${host.bin}${path.delimiter}${stage.env.PATH}`;
    host.write('/usr/bin/certbot', CERTBOT, '755');
    app.put('code/app.py', appText('one'));
    app.configure({
      source: { folder: 'code' },
      user: 'mbot',
      start: 'python3 app.py',
      nginx: { host: 'mbot.example.com' },
    });
    await stage.run('infractl redeploy setup --yes');
    await stage.run('infractl redeploy');
    // Where it is slow, it says what it is at.
    await stage.shows('https-enable', {
      line: 'infractl https enable --email ops@example.com --yes',
      only: [/^(?! {2}release )/],
    });
    await stage.shows('https-status', 'infractl https status');
    await stage.shows('https-renew', 'infractl https renew --dry-run');
  },
};
