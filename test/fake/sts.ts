import type { Service } from './server.ts';
import { parseQuery, queryAnswer, queryError } from './wire.ts';

/** STS, version 2011-06-15: GetCallerIdentity only. */
export const sts: Service = {
  name: 'sts',
  read(request) {
    const parameters = parseQuery(request.body.toString());
    return { action: String(parameters.Action), parameters };
  },
  handle(action, _parameters, { state, requestId }) {
    if (action !== 'GetCallerIdentity') throw new Error(`the fake's STS does not know ${action}`);
    const result = { Arn: state.arn, UserId: 'AIDAFAKE', Account: state.account };
    return {
      status: 200,
      headers: { 'content-type': 'text/xml' },
      body: queryAnswer(action, result, requestId),
    };
  },
  fail: (error, requestId) => ({
    status: error.status,
    headers: { 'content-type': 'text/xml' },
    body: queryError(error, requestId),
  }),
};
