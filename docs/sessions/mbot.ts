import { execFileSync } from 'node:child_process';
import type { Session } from '../../scripts/docs/stage.ts';
import { hostImage, noHost } from '../../test/helpers/host-image.ts';

/** The blueprint mbot: its EC2 instance is a machine in a container. */
export const session: Session = {
  place: 'the sandbox',
  missing: () => noHost,
  makes: ['mbot', 'mbot-broken'],
  async play(stage) {
    await stage.sandbox();
    stage.env.INFRACTL_MACHINE_IMAGE = await hostImage();
    // ssh reads the configuration and the known hosts of whoever runs this, whatever HOME says.
    const ssh = execFileSync('sh', ['-c', 'command -v ssh'], { encoding: 'utf8' }).trim();
    const options = `-F /dev/null -o UserKnownHostsFile=${stage.home.folder}/known_hosts`;
    stage.program('ssh', `#!/bin/sh\nexec ${ssh} ${options} "$@"\n`);
    await stage.shows('mbot', {
      line: 'infractl init mbot && cd mbot && export INFRACTL_SANDBOX=1 && infractl sandbox start',
      only: [/^Made/],
    });
    stage.cd('mbot');
    stage.env.INFRACTL_SANDBOX = '1';
    await stage.shows(
      'mbot',
      {
        line: 'infractl deploy --create-stack --accept-host-key',
        only: [/^✓/, /ApplicationUrl/, /building|watching/, /^(Deployed|Recorded)/],
      },
      'infractl monitoring services',
    );
    stage.change('app/mbot/bot.py', 'return known or "', 'return known.nothing or "');
    stage.change('infractl.yaml', 'timeout: 30s', 'timeout: 10s');
    const broken = {
      line: 'infractl redeploy',
      exit: 8,
      only: [/^✗/, /AttributeError/, /serves/, /→/],
    };
    await stage.shows('mbot-broken', broken);
    stage.change('app/mbot/bot.py', 'return known.nothing or "', 'return known or "');
    stage.change('app/mbot/bot.py', 'Ask me about', 'Try');
    await stage.run('infractl redeploy --settle 1s');
    // Where it is slow, it says more.
    await stage.shows('mbot-broken', { line: 'infractl redeploy rollback', only: [/^\S/] });
  },
};
