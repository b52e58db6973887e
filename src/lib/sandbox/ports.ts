import { createServer } from 'node:net';
import { InfractlError } from '../base/errors.ts';

const USUAL = 4566;

/**
 * The port to listen on at 127.0.0.1: the one asked for, else that of last time (URLs that were printed
 * stay right), else 4566, else any that is free.
 *
 * @throws InfractlError `PortTaken` or `PortForbidden` when the one asked for cannot be had.
 */
export async function choosePort(asked: number | undefined, last: number | undefined): Promise<number> {
  if (asked !== undefined) return await listen(asked).catch((error) => refuse(asked, error));
  for (const port of [last, USUAL]) {
    if (port !== undefined && (await isFree(port))) return port;
  }
  return await listen(0);
}

function refuse(port: number, error: NodeJS.ErrnoException): never {
  const forbidden = error.code === 'EACCES';
  throw new InfractlError({
    code: forbidden ? 'PortForbidden' : 'PortTaken',
    message: forbidden
      ? `Port ${port} may not be used by an ordinary user.`
      : `Port ${port} is in use by another program.`,
    suggestions: ['Give another --port, or none: then a free one is taken.'],
    cause: error,
  });
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
