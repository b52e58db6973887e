import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import type { NotifyPort } from '../backups/notify.ts';
import { call } from './call.ts';
import { paced, pacingOf } from './pacing.ts';
import type { AwsSession } from './session.ts';
import { traced } from './trace.ts';

/** SNS, in the region that the topic's ARN names. */
export function notifyPort(session: AwsSession): NotifyPort {
  return {
    async publish(TopicArn, Subject, Message) {
      const region = TopicArn.split(':')[3] || session.region;
      const there = { ...session, region };
      const client = traced(
        paced(new SNSClient({ ...session.config, region }), pacingOf(there, 'sns')),
        there,
      );
      await call(there, 'sns:Publish', () => client.send(new PublishCommand({ TopicArn, Subject, Message })));
    },
  };
}
