import type { Service } from './server.ts';
import { FakeError, page, parseQuery, queryAnswer, queryError } from './wire.ts';

export interface IamState {
  /** Roles by name, with the path that the ARN of a session does not tell. */
  readonly roles: Map<string, { readonly path: string }>;
  /** ARN of a user or a role → what its policies say of actions; of others they say nothing. */
  readonly policies: Map<string, { readonly allow: readonly string[]; readonly deny?: readonly string[] }>;
}

export const newIamState = (): IamState => ({ roles: new Map(), policies: new Map() });

const XML = { 'content-type': 'text/xml' };
/** Results of one page of a simulation, small so that paging is met. */
const PAGE = 10;

/** IAM, version 2010-05-08: GetRole, SimulatePrincipalPolicy for all resources. */
export const iam: Service = {
  name: 'iam',
  read(request) {
    const parameters = parseQuery(request.body.toString());
    return { action: String(parameters.Action), parameters };
  },
  handle(action, parameters, { state, requestId }) {
    const answer = (result: object) => ({
      status: 200,
      headers: XML,
      body: queryAnswer(action, result, requestId),
    });
    if (action === 'GetRole') {
      const name = String(parameters.RoleName);
      const role = state.iam.roles.get(name);
      if (!role) throw new FakeError('NoSuchEntity', `The role with name ${name} cannot be found.`, 404);
      return answer({
        Role: {
          RoleName: name,
          Path: role.path,
          RoleId: 'AROAFAKE',
          CreateDate: '2026-01-01T00:00:00Z',
          Arn: `arn:aws:iam::${state.account}:role${role.path}${name}`,
        },
      });
    }
    if (action !== 'SimulatePrincipalPolicy') throw new Error(`the fake's IAM does not know ${action}`);
    const source = String(parameters.PolicySourceArn);
    const policy = state.iam.policies.get(source);
    if (!policy) throw new FakeError('NoSuchEntity', `The entity ${source} cannot be found.`, 404);
    const actions = (parameters.ActionNames as string[]).map((EvalActionName) => ({
      EvalActionName,
      EvalDecision: policy.deny?.includes(EvalActionName)
        ? 'explicitDeny'
        : policy.allow.includes(EvalActionName)
          ? 'allowed'
          : 'implicitDeny',
    }));
    const { items, next } = page(actions, parameters.Marker, PAGE);
    return answer({
      EvaluationResults: items,
      IsTruncated: next !== undefined,
      ...(next ? { Marker: next } : {}),
    });
  },
  fail: (error, requestId) => ({ status: error.status, headers: XML, body: queryError(error, requestId) }),
};
