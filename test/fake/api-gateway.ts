import type { Service } from './server.ts';
import { FakeError } from './wire.ts';

/** REST APIs: id → name. */
export type RestApis = Map<string, string>;

const JSON_TYPE = { 'content-type': 'application/json' };

/** API Gateway: GetRestApi. IAM knows it as GET of a path. */
export const apiGateway: Service = {
  name: 'apigateway',
  read({ method, url }) {
    const id = /^\/restapis\/([^/]+)$/.exec(url.pathname)?.[1];
    return { action: id ? method : `${method} ${url.pathname}`, parameters: { restApiId: id ?? '' } };
  },
  handle(action, { restApiId }, { state }) {
    if (action !== 'GET') throw new Error(`the fake's API Gateway does not know ${action}`);
    const id = String(restApiId);
    const name = state.restApis.get(id);
    if (name === undefined) throw new FakeError('NotFoundException', 'Invalid API identifier specified', 404);
    return { status: 200, headers: JSON_TYPE, body: JSON.stringify({ id, name }) };
  },
  fail: (error) => ({
    status: error.status,
    headers: { ...JSON_TYPE, 'x-amzn-errortype': error.code },
    body: JSON.stringify({ message: error.message }),
  }),
};
