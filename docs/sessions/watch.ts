import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dashboard, live as followed } from '../../scripts/docs/on-terminals.ts';
import type { Session, Stage } from '../../scripts/docs/stage.ts';
import type { Fake } from '../../test/fake/server.ts';
import { putShop, setOff, shopOnAws } from '../../test/helpers/watched.ts';

/** A project with something in every panel, and logs that are followed. */
export const session: Session = {
  place: 'the fake AWS of the tests',
  makes: ['metrics', 'dashboard-charts', 'errors', 'live', 'live-silence'],
  async play(stage) {
    const fake = await stage.fake();
    const server = createServer((_, answer) => answer.end('fine'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    stage.afterwards(() => void server.close());
    await shopOnAws(fake);
    const health = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    putShop(stage.cwd, health, (text) => text.replace(/^hosts:\n.*\n/m, ''));
    await stage.shows('metrics', 'infractl monitoring metrics Api Web');
    setOff(fake, 'shop-errors');
    stage.keep('dashboard-charts', await dashboard(stage));
    logsOf(fake);
    await stage.shows('errors', 'infractl monitoring logs /demo/');
    await live(stage, fake);
    await stage.shows('live-silence', 'infractl monitoring alarms silence shop-errors --for 2h');
    server.closeAllConnections();
  },
};

function logsOf(fake: Fake): void {
  const now = Date.now();
  const order = (n: number) => ({
    at: now - 20_000 + n * 1000,
    message: `ERROR order ${n} failed: no stock`,
  });
  const { groups } = fake.state.logs;
  groups.set('/demo/a', [
    ...Array.from({ length: 9 }, (_, n) => ({ at: now - 60_000 + n, message: `GET /orders/${n} 200` })),
    ...Array.from({ length: 12 }, (_, n) => order(n)),
    {
      at: now - 6000,
      message: '{"level":"error","message":"cannot reach database","host":"db-1","code":"ETIMEDOUT"}',
    },
    {
      at: now - 5000,
      message: 'TypeError: x is not a function\n    at a (index.js:1)\n    at b (index.js:2)',
    },
    { at: now - 4000, message: 'timed out after 3000 ms' },
  ]);
  groups.set(
    '/demo/b',
    Array.from({ length: 10 }, (_, n) => ({ at: now - 30_000 + n, message: `GET /${n} 200` })),
  );
}

async function live(stage: Stage, fake: Fake): Promise<void> {
  const { groups } = fake.state.logs;
  groups.set('/demo/a', []);
  groups.set('/demo/b', []);
  const log = (group: string, message: string) =>
    void groups.get(`/demo/${group}`)?.push({ at: Date.now(), message });
  stage.keep('live', await followed(stage, log));
}
