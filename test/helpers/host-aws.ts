import { execFileSync } from 'node:child_process';
import { connect, createServer } from 'node:net';
import type { Fake } from '../fake/server.ts';
import type { TestHost } from './host.ts';
import { docker } from './images.ts';

export const HOST_NODE = '/usr/local/bin/node';

/**
 * Lets the root of a test host use a fake AWS that listens on this machine alone: the host comes in by the address
 * of Docker's bridge. Returns what closes the door again.
 */
export async function letIn(host: TestHost, fake: Fake): Promise<() => void> {
  const gateway = execFileSync(
    docker,
    ['network', 'inspect', 'bridge', '--format', '{{(index .IPAM.Config 0).Gateway}}'],
    { encoding: 'utf8' },
  ).trim();
  const port = Number(new URL(fake.url).port);
  const door = createServer((socket) => {
    const inside = connect(port, '127.0.0.1');
    socket.pipe(inside).pipe(socket);
    for (const one of [socket, inside]) one.on('error', () => one.destroy());
  });
  await new Promise<void>((resolve) => door.listen(0, gateway, resolve));
  const { port: open } = door.address() as { port: number };
  host.write(
    '/root/.aws/config',
    `[default]\nregion = eu-west-3\nendpoint_url = http://${gateway}:${open}\n`,
  );
  host.write(
    '/root/.aws/credentials',
    '[default]\naws_access_key_id = AKIDFAKE\naws_secret_access_key = fake\n',
  );
  return () => void door.close();
}
