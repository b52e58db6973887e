import type { AwsSession } from '../aws/session.ts';
import type { Lookups } from '../stacks/index.ts';

/** What is asked of AWS about a failure, each client loaded when it is asked for. */
export function lookupsOf(session: AwsSession): Lookups {
  return {
    logs: async () => (await import('../aws/logs.ts')).logsPort(session),
    functions: async () => {
      const port = (await import('../aws/lambda.ts')).lambdaPort(session);
      return {
        async configuration(functionName) {
          const found = await port.configuration(functionName);
          const logging = found?.configuration.LoggingConfig as { LogGroup?: string } | undefined;
          return found && { ...found, logGroup: logging?.LogGroup };
        },
      };
    },
    instances: async () => (await import('../aws/ec2.ts')).ec2Port(session),
    ecs: async () => (await import('../aws/ecs.ts')).ecsPort(session),
    decode: async (message) => (await import('../aws/sts.ts')).decodeAuthorizationMessage(session, message),
  };
}
