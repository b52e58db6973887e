import type { Service } from './server.ts';
import { parseQuery, queryAnswer, queryError } from './wire.ts';

/** STS, version 2011-06-15: GetCallerIdentity and DecodeAuthorizationMessage. */
export const sts: Service = {
  name: 'sts',
  read(request) {
    const parameters = parseQuery(request.body.toString());
    return { action: String(parameters.Action), parameters };
  },
  handle(action, _parameters, { state, requestId }) {
    const results: Readonly<Record<string, object>> = {
      GetCallerIdentity: { Arn: state.arn, UserId: 'AIDAFAKE', Account: state.account },
      DecodeAuthorizationMessage: { DecodedMessage: state.decoded },
    };
    const result = results[action];
    if (!result) throw new Error(`the fake's STS does not know ${action}`);
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
