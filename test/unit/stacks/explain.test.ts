import { describe, expect, it } from 'vitest';
import { adviceFor, cleanReason } from '../../../src/lib/stacks/diagnosis/causes.ts';
import { explainFailure, firstCause } from '../../../src/lib/stacks/diagnosis/explain.ts';
import type { StackEvent } from '../../../src/lib/stacks/port.ts';

const STACK = 'arn:aws:cloudformation:eu-west-3:1:stack/app/1';
let second = 0;

function event(
  logicalId: string,
  status: string,
  reason?: string,
  more: Partial<StackEvent> = {},
): StackEvent {
  second++;
  return {
    eventId: String(second),
    stackId: STACK,
    stackName: 'app',
    logicalId,
    physicalId: logicalId === 'app' ? STACK : '',
    resourceType: logicalId === 'app' ? 'AWS::CloudFormation::Stack' : 'AWS::SNS::Topic',
    status,
    at: new Date(second * 1000),
    ...(reason === undefined ? {} : { reason }),
    ...more,
  };
}

describe('the first cause', () => {
  it('is the earliest failure that is not a cancellation, whatever order the events come in', () => {
    const events = [
      event('app', 'CREATE_IN_PROGRESS', 'User Initiated'),
      event('B', 'CREATE_FAILED', 'no such thing'),
      event('A', 'CREATE_FAILED', 'Resource creation cancelled'),
      event('C', 'CREATE_FAILED', 'Resource creation cancelled'),
      event('app', 'ROLLBACK_IN_PROGRESS', 'The following resource(s) failed to create: [B, A].'),
    ];
    expect(firstCause(events)?.logicalId).toBe('B');
    expect(firstCause([...events].reverse())?.logicalId).toBe('B');
  });

  it('is inside the nested stack, not the word of its parent', () => {
    const nested = { stackId: `${STACK}/nested`, stackName: 'app-Child' };
    const child = { resourceType: 'AWS::CloudFormation::Stack', physicalId: `${STACK}/nested` };
    const events = [
      event('Child', 'CREATE_FAILED', 'Embedded stack was not successfully created', child),
      event('Deep', 'CREATE_FAILED', 'too big', nested),
    ];
    expect(firstCause(events)?.logicalId).toBe('Deep');
    expect(firstCause(events.slice(0, 1))?.logicalId).toBe('Child');
  });

  it('is the stack itself where no resource failed', () => {
    const events = [
      event('app', 'CREATE_IN_PROGRESS', 'User Initiated'),
      event('app', 'ROLLBACK_IN_PROGRESS', 'Parameter validation failed: parameter type Number for X'),
    ];
    expect(firstCause(events)?.reason).toContain('Parameter validation');
    expect(firstCause([])).toBeUndefined();
  });
});

describe('AWS’s reason', () => {
  it.each([
    [
      'Resource handler returned message: "Invalid name (Service: Sns, Status Code: 400, Request ID: 1-2, Extended Request ID: x)" (RequestToken: a-b, HandlerErrorCode: InvalidRequest)',
      'Invalid name',
      'InvalidRequest',
    ],
    ['shop already exists in stack arn:x', 'shop already exists in stack arn:x'],
    [
      'Denied (Service: AWSLambda; Status Code: 403; Error Code: X; Request ID: 5; Proxy: null)',
      'Denied',
      undefined,
      'X',
    ],
    ['Bad (Service: S3, Status Code: 400, Request ID: 1) (SDK Attempt Count: 1)', 'Bad'],
  ])('loses its noise: %s', (reason, text, handlerCode?: string, serviceCode?: string) => {
    expect(cleanReason(reason)).toEqual({
      text,
      ...(handlerCode ? { handlerCode } : {}),
      ...(serviceCode ? { serviceCode } : {}),
    });
  });
});

describe('what to do', () => {
  const advice = (reason: string, physicalId = '') =>
    adviceFor({ reason, logicalId: 'Thing', physicalId, resourceType: 'AWS::Lambda::Function' }).join('\n');

  it.each([
    ['shop-data already exists', 'another name', 'shop-data'],
    ['Resource of type X already exists. (HandlerErrorCode: AlreadyExists)', 'import it into the stack', ''],
    ['x (RequestToken: 1, HandlerErrorCode: AlreadyExists)', 'another name', ''],
    [
      'User: arn:u is not authorized to perform: iam:CreateRole on resource: arn:r because',
      'Allow arn:u to do iam:CreateRole on arn:r',
      '',
    ],
    ['Access Denied', 'lack a permission for AWS::Lambda::Function', ''],
    [
      'Source image 1.dkr.ecr.eu-west-3.amazonaws.com/a:b does not exist. Provide a valid source image.',
      'push it first',
      '',
    ],
    [
      'The image manifest, config or layer media type for the source image x is not supported.',
      'BUILDX_NO_DEFAULT_ATTESTATIONS',
      '',
    ],
    ['Limit Exceeded (HandlerErrorCode: ServiceLimitExceeded)', 'Service Quotas', ''],
    ['The maximum number of VPCs has been reached.', 'Service Quotas', ''],
    ['x (HandlerErrorCode: Throttling)', 'in a minute', ''],
    ['Rate exceeded', 'in a minute', ''],
    ['x (HandlerErrorCode: NotStabilized)', 'did not become ready in time', ''],
    [
      'CloudFormation did not receive a response from your Custom Resource. Please check your logs',
      'ResponseURL',
      '',
    ],
    ['Failed to receive 1 resource signal(s) within the specified duration', 'start-up log', ''],
    ['Export shared-x cannot be deleted as it is in use by web', 'The stack web imports shared-x', ''],
    ['No export named shared-x found. Rollback requested by user.', 'exports shared-x', ''],
    ['The bucket you tried to delete is not empty', 'aws s3 rm s3://shop-data --recursive', 'shop-data'],
    [
      "The repository with name 'shop' in registry with id '1' cannot be deleted because it still contains images",
      '--repository-name shop',
      'shop',
    ],
    ['resource sg-1 has a dependent object', 'still uses sg-1', 'sg-1'],
    [
      'Properties validation failed for resource Thing with message: [#: extraneous key [X] is not permitted]',
      'does not accept the properties',
      '',
    ],
    ['x (HandlerErrorCode: InvalidRequest)', 'does not accept the properties', ''],
    [
      "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [10].",
      'Lambda concurrency',
      '',
    ],
    ['something odd happened', '', ''],
  ])('about: %s', (reason, said, physicalId) => {
    if (said === '') expect(advice(reason)).toBe('');
    else expect(advice(reason, physicalId)).toContain(said);
  });
});

describe('a failure in words', () => {
  const template = {
    file: '/p/infra/template.yaml',
    resources: new Map([
      ['Api', { type: 'AWS::Serverless::Function', line: 12 }],
      ['ApiKey', { type: 'X', line: 40 }],
    ]),
  };

  it('has the resource with its line, or the line of the one that it was made from', () => {
    const failed = (logicalId: string) =>
      explainFailure({
        part: 'stack app',
        stackName: 'app',
        act: 'update',
        status: 'UPDATE_ROLLBACK_COMPLETE',
        events: [event(logicalId, 'UPDATE_FAILED', 'no')],
        template,
      }).why;
    expect(failed('Api')).toContain('Api (AWS::SNS::Topic, template.yaml:12): no\n');
    expect(failed('ApiRole')).toContain('ApiRole (AWS::SNS::Topic, made from Api, template.yaml:12): no\n');
    expect(failed('Other')).toContain('Other (AWS::SNS::Topic): no\n');
  });

  it('forgets what stood in the way of a deletion first and then went', () => {
    const error = explainFailure({
      part: 'stack app',
      stackName: 'app',
      act: 'delete',
      status: 'DELETE_FAILED',
      events: [
        event('A', 'DELETE_FAILED', 'has a dependent object'),
        event('A', 'DELETE_COMPLETE'),
        event('B', 'DELETE_FAILED', 'is not empty'),
        event('app', 'DELETE_FAILED', 'The following resource(s) failed to delete: [B].'),
      ],
    });
    expect(error.why?.split('\n')[0]).toBe('B (AWS::SNS::Topic): is not empty');
    expect(error.why).not.toContain('A (');
    expect(error.suggestions.at(-1)).toBe('Then run the same command again.');
  });

  it('says so when the stack was deleted by somebody', () => {
    const error = explainFailure({
      part: 'stack app',
      stackName: 'app',
      act: 'update',
      status: undefined,
      events: [],
    });
    expect(error.why).toContain('It was deleted by somebody meanwhile.');
  });
});
