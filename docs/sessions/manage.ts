import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Session } from '../../scripts/docs/stage.ts';

/** An instance that is stopped, started until it serves, and put on a schedule. */
export const session: Session = {
  place: 'the fake AWS of the tests',
  quick: true,
  makes: ['manage-status', 'manage-stop', 'manage-quick', 'schedule-set', 'schedule-list'],
  async play(stage) {
    const fake = await stage.fake();
    const app = createServer((_, answer) => answer.end('ok'));
    await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve));
    stage.afterwards(() => void app.close());
    const { port } = app.address() as AddressInfo;
    fake.state.ec2.addInstance({
      tags: { Name: 'mbot' },
      publicIp: '127.0.0.1',
      elasticIp: true,
      launchedAt: Date.now() - 3 * 86_400_000,
      script: { startMs: 2000, checksMs: 2000, stopMs: 2000 },
    });
    stage.put(
      'infractl.yaml',
      `project: mbot
region: eu-west-3
hosts:
  web:
    tags: { Name: mbot }
    ssh: { port: ${port} }
    health: { url: "http://127.0.0.1:${port}", ports: [${port}] }
`,
    );
    await stage.shows('manage-status', 'infractl manage status');
    await stage.shows('manage-quick', 'infractl manage quick');
    await stage.shows('manage-stop', 'infractl manage stop --yes', {
      line: 'infractl manage start',
      only: [/^\S/],
    });
    await stage.shows('schedule-set', {
      line: 'infractl manage schedule set --stop "20:00 Mon-Fri" --start "07:30 Mon-Fri" --timezone Europe/Paris',
      only: [/^\S/],
    });
    await stage.shows('schedule-list', 'infractl manage schedule list');
  },
};
