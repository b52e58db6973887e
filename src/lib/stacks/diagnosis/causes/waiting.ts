import { type Cause, nameOf } from './cause.ts';

/** What did not get ready, or did not answer, in time. */
export const WAITING: readonly Cause[] = [
  {
    code: 'CircuitBreaker',
    words: /circuit ?breaker/i,
    why: () => 'The tasks of the service stopped again and again, so ECS gave the deployment up.',
    advice: (event) => [
      `The reason is why its tasks stopped: aws ecs list-tasks --desired-status STOPPED --service-name ${nameOf(event)}, and the log of their containers.`,
    ],
  },
  {
    code: 'NoSignal',
    words: /failed to receive \d+ resource signal|Received \d+ SUCCESS signal\(s\) out of \d+/i,
    why: () =>
      'The machine was to say that it is ready, and did not in time: its start-up failed or is too slow.',
    advice: (event) => [
      `${event.logicalId} did not signal that it is ready in time: look at its start-up log (cloud-init, cfn-init).`,
      'The machine needs a way to the internet (or an endpoint of CloudFormation) to send the signal.',
    ],
  },
  {
    code: 'WaitConditionFailed',
    words: /WaitCondition received failed message: '(?<message>.*?)'/i,
    why: (_, { message }) => `What was waited for said that it failed: ${message}.`,
    advice: () => ['Look at the log of the machine or script that sends the signal.'],
  },
  {
    code: 'WaitConditionTimedOut',
    words: /WaitCondition timed out/i,
    why: () => 'Nobody sent the signal that the wait condition waits for, in time.',
    advice: (event) => [
      `Look at the log of what was to signal ${event.logicalId}; if it only takes longer, raise its Timeout.`,
    ],
  },
  {
    code: 'CustomResourceSilent',
    words: /did not receive a response from your Custom Resource|Custom Resource failed to stabilize/i,
    why: () => 'The function behind it ended, or timed out, without sending its answer.',
    advice: (event) => [
      `The function behind ${event.logicalId} did not answer: look at its log. It must send its answer to the ResponseURL, also when it fails, and needs a way to the internet if it is in a VPC.`,
    ],
  },
  {
    code: 'CustomResourceFailed',
    words:
      /Received response status \[FAILED\] from custom resource\.(?: Message returned: (?<message>[\s\S]*?))?\.?$/i,
    why: () => 'The function behind it answered that it failed.',
    advice: (event) => [
      `Mend what the function behind ${event.logicalId} says, then run the same command again.`,
    ],
  },
  {
    code: 'HookFailed',
    handlerCodes: ['NonCompliant'],
    words: /following hook\(s\) failed: \[(?<hooks>[^\]]*)\]/i,
    why: (_, { hooks }) =>
      `A hook of the account refused it${hooks ? `: ${hooks}` : ''}. Hooks check resources before they are made.`,
    advice: () => [
      'See what the hook demands: its message is among the events. Change the template, or ask who owns the hook.',
    ],
  },
  {
    code: 'CertificateNotValidated',
    type: /^AWS::CertificateManager::/,
    words: /timed out|Certificate is in \w+ status|Additional verification required/i,
    handlerCodes: ['NotStabilized'],
    why: () =>
      'A certificate is ready once its domain is validated: a record in DNS that AWS waits for, or a mail that is answered.',
    advice: () => [
      'Make the validation record: aws acm describe-certificate shows it. With DomainValidationOptions and HostedZoneId CloudFormation makes it itself.',
    ],
  },
  {
    code: 'ServiceUnstable',
    type: /^AWS::ECS::/,
    words: /did not stabilize|exceeded attempts to wait/i,
    handlerCodes: ['NotStabilized'],
    why: () => 'The service did not get as many healthy tasks running as it wants.',
    advice: (event) => [
      `Look at why its tasks stop or are not healthy: the events of the service ${nameOf(event)} and the log of its containers.`,
    ],
  },
  {
    code: 'NotStabilized',
    handlerCodes: ['NotStabilized'],
    words: /did not stabilize|failed to stabilize|timed out|exceeded attempts to wait/i,
    why: () => 'AWS made it, and it did not become ready in the time that CloudFormation waits.',
    advice: (event) => [
      `${event.logicalId} did not become ready in time: look at its own state and log in AWS, then run the same command again.`,
    ],
  },
  {
    code: 'InternalFailure',
    handlerCodes: [
      'ServiceInternalError',
      'InternalFailure',
      'HandlerInternalFailure',
      'NetworkFailure',
      'ServiceTimeout',
    ],
    words: /Internal ?(?:Failure|(?:Service)?Error)|Service ?Unavailable/i,
    why: () => 'The service itself failed; it says nothing of the template.',
    advice: () => [
      'Run the same command again. If it stays so: look at https://health.aws.amazon.com/health/status, then ask AWS support with the request id in the events.',
    ],
  },
];
