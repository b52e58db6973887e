import { createLog, describeError } from './log.js';

const api = process.env.AWS_LAMBDA_RUNTIME_API;

try {
  if (api) await runOnLambda(api);
  else await runAsServer();
} catch (error) {
  // The messages of start-up are our own and hold no value of a setting.
  const message = error instanceof Error ? error.message : String(error);
  createLog(process.stderr)('error', message, describeError(error));
  process.exit(1);
}

/** @param {string} address */
async function runOnLambda(address) {
  // The first process of a container ignores SIGTERM unless it says otherwise.
  process.once('SIGTERM', () => process.exit(0));
  const { run } = await import('./runtime.js');
  await run(address, () => import('./lambda.js'));
}

async function runAsServer() {
  const { serve } = await import('./server.js');
  const { start } = await import('./start.js');
  const { app, storage, log } = await start({ connections: 10 });
  const host = process.env.HOST || '127.0.0.1';
  const server = await serve(app, { host, port: Number(process.env.PORT || 8080) });
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : undefined;
  log('info', `Listening on http://${host}:${port}`, { host, port });
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
    process.once(signal, () => {
      // Requests that are being answered are finished; new ones are not taken.
      server.close(() => storage.close().finally(() => process.exit(0)));
      server.closeIdleConnections();
    });
  }
}
