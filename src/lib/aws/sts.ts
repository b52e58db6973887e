import { DecodeAuthorizationMessageCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { dated } from './answer-clock.ts';
import { call } from './call.ts';
import { pacers } from './pacing.ts';
import type { AwsSession, Identity } from './session.ts';
import { traced } from './trace.ts';

/** STS GetCallerIdentity: needs no permission, fails only without valid credentials. */
export async function callerIdentity(session: AwsSession): Promise<Identity> {
  let ahead: number | undefined;
  const client = dated(traced(new STSClient(session.config), session), (aws) => {
    ahead = Date.now() - aws;
  });
  const answer = await call(session, 'sts:GetCallerIdentity', () =>
    client.send(new GetCallerIdentityCommand({})),
  );
  const { accessKeyId, expiration } = await client.config.credentials();
  if (answer.Account) pacers.learn(accessKeyId, answer.Account);
  return {
    account: answer.Account ?? '',
    arn: answer.Arn ?? '',
    ...(expiration ? { expires: expiration.getTime() } : {}),
    ...(ahead === undefined ? {} : { ahead }),
  };
}

/** STS DecodeAuthorizationMessage: what a refusal that AWS encoded says, as JSON. */
export async function decodeAuthorizationMessage(
  session: AwsSession,
  EncodedMessage: string,
): Promise<string> {
  const client = traced(new STSClient(session.config), session);
  const answer = await call(session, 'sts:DecodeAuthorizationMessage', () =>
    client.send(new DecodeAuthorizationMessageCommand({ EncodedMessage })),
  );
  return answer.DecodedMessage ?? '';
}
