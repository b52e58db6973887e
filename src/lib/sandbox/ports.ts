import { createServer } from 'node:net';
import { InfractlError } from '../base/errors.ts';

const USUAL = 4566;

/**
 * The port to listen on at 127.0.0.1: the one asked for, else that of last time (URLs that were printed
 * stay right), else 4566, else any that is free.
 *
 * @throws InfractlError `PortTaken` when the one asked for is in use.
 */
export async function choosePort(asked: number | undefined, last: number | undefined): Promise<number> {
  if (asked !== undefined) {
    if (await isFree(asked)) return asked;
    throw new InfractlError({
      code: 'PortTaken',
      message: `Port ${asked} is in use by another program.`,
      suggestions: ['Give another --port, or none: then a free one is taken.'],
    });
  }
  for (const port of [last, USUAL]) {
    if (port !== undefined && (await isFree(port))) return port;
  }
  return await listen(0);
}

async function isFree(port: number): Promise<boolean> {
  try {
    await listen(port);
    return true;
  } catch {
    return false;
  }
}

/** Listens for a moment; the port that the system gave. */
function listen(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : port));
    });
  });
}
