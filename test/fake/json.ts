import type { Context, Service } from './server.ts';
import { FakeError, type Parameters } from './wire.ts';

export type JsonHandler = (p: Parameters, context: Context) => object;

/** A service of the JSON 1.1 protocol: the action in `X-Amz-Target`, everything else in the body. */
export function jsonService(
  name: string,
  handlers: Readonly<Record<string, JsonHandler>>,
  prefix = name,
): Service {
  const headers = { 'content-type': 'application/x-amz-json-1.1' };
  return {
    name,
    prefix,
    read(request) {
      const action = request.headers['x-amz-target']?.split('.').at(-1) ?? '';
      return { action, parameters: JSON.parse(request.body.toString() || '{}') as Parameters };
    },
    handle(action, parameters, context) {
      const handler = handlers[action];
      if (!handler) throw new Error(`the fake's ${name} does not know ${action}`);
      return { status: 200, headers, body: JSON.stringify(handler(parameters, context)) };
    },
    fail: (error) => ({
      status: error.status,
      headers,
      body: JSON.stringify({ __type: error.code, message: error.message, ...error.fields }),
    }),
  };
}

export const required = (p: Parameters, key: string): string => {
  const value = p[key];
  if (typeof value !== 'string' || value === '') {
    throw new FakeError(
      'ValidationException',
      `1 validation error detected: Value null at '${key}' failed to satisfy constraint: Member must not be null`,
    );
  }
  return value;
};
