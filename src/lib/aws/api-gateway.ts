import { APIGatewayClient, GetRestApiCommand } from '@aws-sdk/client-api-gateway';
import { call } from './call.ts';
import { underneath } from './errors.ts';
import { paced, pacingOf } from './pacing.ts';
import type { AwsSession } from './session.ts';
import { traced } from './trace.ts';

/** The name of a REST API, by which CloudWatch knows it: GetRestApi. Undefined where there is none. */
export async function restApiName(
  session: AwsSession,
  restApiId: string,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const client = traced(
    paced(new APIGatewayClient(session.config), pacingOf(session, 'apigateway')),
    session,
  );
  try {
    const { name } = await call(session, 'apigateway:GET', () =>
      client.send(new GetRestApiCommand({ restApiId }), signal ? { abortSignal: signal } : {}),
    );
    return name;
  } catch (error) {
    if (underneath(error).name === 'NotFoundException') return undefined;
    throw error;
  }
}
