import {
  CancelCommandCommand,
  DescribeInstanceInformationCommand,
  GetCommandInvocationCommand,
  ListCommandInvocationsCommand,
  SendCommandCommand,
  SSMClient,
  StartSessionCommand,
} from '@aws-sdk/client-ssm';
import { type Clock, systemClock } from '../base/clock.ts';
import type { ManagedInstance, SsmPort } from '../hosts/ssm-port.ts';
import { call } from './call.ts';
import { underneath } from './errors.ts';
import { clockedPacing, paced } from './pacing.ts';
import { partitionOf } from './partition.ts';
import { untilAnswered } from './retry.ts';
import type { AwsSession } from './session.ts';
import { traced } from './trace.ts';

/** Seconds within which an instance must take up a command; the least that the API takes. */
const DELIVERY_SECONDS = 30;
const LONGEST_COMMENT = 100;

/** Run Command and Session Manager of Systems Manager for `lib/hosts`. */
export function ssmPort(session: AwsSession, clock: Clock = systemClock): SsmPort {
  const pace = clockedPacing(session, clock, 'ssm', { burst: 20, rate: 10, most: 20 });
  const client = traced(paced(new SSMClient(session.config), pace), session);
  // Whoever interrupts wants the command on the host to be stopped: these calls are not given up for that.
  const ask = <T>(action: string, send: () => Promise<T>) =>
    untilAnswered({ clock }, () => call(session, action, send));
  return {
    region: session.region,

    async send({ instances, script, comment, seconds, concurrency, errors }) {
      const input = {
        DocumentName: 'AWS-RunShellScript',
        InstanceIds: [...instances],
        Parameters: { commands: [script], executionTimeout: [String(seconds)] },
        Comment: comment.slice(0, LONGEST_COMMENT),
        TimeoutSeconds: DELIVERY_SECONDS,
        ...(concurrency === undefined ? {} : { MaxConcurrency: concurrency }),
        ...(errors === undefined ? {} : { MaxErrors: errors }),
      };
      const { Command } = await ask('ssm:SendCommand', () => client.send(new SendCommandCommand(input)));
      return Command?.CommandId ?? '';
    },

    async look(CommandId, InstanceId) {
      try {
        const found = await ask('ssm:GetCommandInvocation', () =>
          client.send(new GetCommandInvocationCommand({ CommandId, InstanceId })),
        );
        return {
          status: found.Status ?? '',
          detail: found.StatusDetails ?? '',
          exitCode: found.ResponseCode ?? -1,
          stdout: found.StandardOutputContent ?? '',
          stderr: found.StandardErrorContent ?? '',
        };
      } catch (error) {
        if (underneath(error).name === 'InvocationDoesNotExist') return undefined;
        throw error;
      }
    },

    async cancel(CommandId, instance) {
      const InstanceIds = instance === undefined ? undefined : [instance];
      await ask('ssm:CancelCommand', () => client.send(new CancelCommandCommand({ CommandId, InstanceIds })));
    },

    async statuses(CommandId) {
      const found = new Map<string, { status: string; detail: string }>();
      let page: string | undefined;
      do {
        const NextToken = page;
        const answer = await ask('ssm:ListCommandInvocations', () =>
          client.send(new ListCommandInvocationsCommand({ CommandId, NextToken })),
        );
        for (const { InstanceId = '', Status = '', StatusDetails = '' } of answer.CommandInvocations ?? [])
          found.set(InstanceId, { status: Status, detail: StatusDetails });
        page = answer.NextToken;
      } while (page);
      return found;
    },

    async managed(instances) {
      const found = new Map<string, ManagedInstance>();
      const Filters = [{ Key: 'InstanceIds', Values: [...instances] }];
      let page: string | undefined;
      do {
        const NextToken = page;
        const answer = await ask('ssm:DescribeInstanceInformation', () =>
          client.send(new DescribeInstanceInformationCommand({ Filters, NextToken })),
        );
        for (const one of answer.InstanceInformationList ?? [])
          found.set(one.InstanceId ?? '', {
            ping: one.PingStatus ?? '',
            heard: one.LastPingDateTime,
            agent: one.AgentVersion,
          });
        page = answer.NextToken;
      } while (page);
      return found;
    },

    async session(Target, port) {
      const asked = {
        Target,
        ...(port === undefined
          ? {}
          : { DocumentName: 'AWS-StartSSHSession', Parameters: { portNumber: [String(port)] } }),
      };
      const { SessionId, StreamUrl, TokenValue } = await call(session, 'ssm:StartSession', () =>
        client.send(new StartSessionCommand(asked)),
      );
      return {
        answer: JSON.stringify({ SessionId, StreamUrl, TokenValue }),
        asked: JSON.stringify(asked),
        endpoint: session.endpoint ?? `https://ssm.${session.region}.${partitionOf(session.region).suffix}`,
      };
    },
  };
}
