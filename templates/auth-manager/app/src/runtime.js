import { Agent, request as httpRequest } from 'node:http';

/**
 * A client of the Lambda Runtime API
 * (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html): what an image needs that does not
 * start from one of AWS's bases.
 */

/**
 * @typedef {object} Context The part of the usual context that the API gives.
 * @property {string} awsRequestId
 * @property {string | undefined} invokedFunctionArn
 * @property {() => number} getRemainingTimeInMillis
 */

/** @typedef {(event: never, context: Context) => Promise<unknown>} Handler */
/** @typedef {{ status: number, headers: import('node:http').IncomingHttpHeaders, body: string }} Reply */

// One connection that stays open: an invocation is two requests, and each new one would cost time.
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

/**
 * Loads the handler, then answers one event after the other until the process is ended.
 *
 * @param {string} api `host:port`, as AWS_LAMBDA_RUNTIME_API has it.
 * @param {() => Promise<{ handler: unknown }>} load
 * @throws what `load` threw, after it was reported as the init error; or when the API is gone. The
 *   process must end then.
 */
export async function run(api, load) {
  const handler = await loadHandler(api, load);
  for (;;) {
    const next = await call(api, 'GET', '/invocation/next');
    await invoke(api, handler, next);
  }
}

/**
 * @param {string} api
 * @param {() => Promise<{ handler: unknown }>} load
 * @returns {Promise<Handler>}
 */
async function loadHandler(api, load) {
  try {
    const { handler } = await load();
    if (typeof handler !== 'function') throw new TypeError('The module exports no function named handler.');
    return /** @type {Handler} */ (handler);
  } catch (error) {
    await report(api, '/init/error', error);
    throw error;
  }
}

/**
 * @param {string} api
 * @param {Handler} handler
 * @param {Reply} next
 */
async function invoke(api, handler, next) {
  const id = String(next.headers['lambda-runtime-aws-request-id']);
  const deadline = Number(next.headers['lambda-runtime-deadline-ms']);
  const trace = next.headers['lambda-runtime-trace-id'];
  // Where the X-Ray SDKs look for it.
  if (typeof trace === 'string') process.env._X_AMZN_TRACE_ID = trace;
  else delete process.env._X_AMZN_TRACE_ID;
  let result;
  try {
    const arn = next.headers['lambda-runtime-invoked-function-arn'];
    result = await handler(/** @type {never} */ (JSON.parse(next.body)), {
      awsRequestId: id,
      invokedFunctionArn: typeof arn === 'string' ? arn : undefined,
      getRemainingTimeInMillis: () => deadline - Date.now(),
    });
  } catch (error) {
    await report(api, `/invocation/${id}/error`, error);
    return;
  }
  await call(api, 'POST', `/invocation/${id}/response`, JSON.stringify(result ?? null));
}

/**
 * @param {string} api
 * @param {string} path
 * @param {unknown} error
 */
async function report(api, path, error) {
  const known = error instanceof Error ? error : new Error(String(error));
  const body = JSON.stringify({
    errorType: known.name,
    errorMessage: known.message,
    stackTrace: (known.stack ?? '').split('\n').slice(1, 20),
  });
  await call(api, 'POST', path, body, { 'lambda-runtime-function-error-type': `Unhandled.${known.name}` });
}

/**
 * Without a time limit: the next event may come in an hour, and the process is frozen meanwhile. (For
 * that reason not `fetch`, which gives up after five minutes.)
 *
 * @param {string} api
 * @param {'GET' | 'POST'} method
 * @param {string} path
 * @param {string} [body]
 * @param {Record<string, string>} [headers]
 * @returns {Promise<Reply>}
 */
function call(api, method, path, body, headers = {}) {
  const url = `http://${api}/2018-06-01/runtime${path}`;
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method, agent, headers: { ...headers, ...length } }, (response) => {
      /** @type {Buffer[]} */
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const status = response.statusCode ?? 0;
        const reply = { status, headers: response.headers, body: Buffer.concat(chunks).toString('utf8') };
        if (status < 300) resolve(reply);
        else reject(new Error(`The Lambda Runtime API answered ${status} to ${method} ${path}.`));
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}
