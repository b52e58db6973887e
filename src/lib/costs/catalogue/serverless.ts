import { times } from '../range.ts';
import { SERVICES } from '../types.ts';
import {
  at,
  type Entry,
  type Found,
  fixed,
  isTree,
  type Look,
  listOf,
  millions,
  numberOf,
  open,
  others,
  rate,
  refersTo,
  textOf,
} from './look.ts';
import { ingested } from './watching.ts';

const { apiGateway, events, kms, lambda, queues, secrets, stepFunctions, topics } = SERVICES;

const fn: Entry = (look) => {
  const { properties } = look;
  const memory = numberOf(properties.MemorySize ?? 128);
  const requests = millions(look, 'requests', 'requests', [lambda, 'lambda-requests']);
  if (memory === undefined) return [requests, open('MemorySize')];
  const arm = JSON.stringify(properties.Architectures ?? '').includes('arm64');
  return [
    requests,
    {
      what: `time with ${memory} MB${arm ? ', arm64' : ''}`,
      service: lambda,
      item: rate(arm ? 'lambda-seconds-arm' : 'lambda-seconds'),
      quantity: times(times(look.usage('requests'), look.usage('seconds')), memory / 1024),
      on: ['requests', 'seconds'],
    },
    ...(properties.ProvisionedConcurrencyConfig === undefined ? [] : [{ why: 'provisioned concurrency' }]),
    ...(hasOwnLogGroup(look) ? [] : [ingested(look, 'logs, in the group that Lambda makes')]),
  ];
};

function hasOwnLogGroup(look: Look): boolean {
  const { FunctionName, LoggingConfig } = look.properties;
  if (at(LoggingConfig, 'LogGroup') !== undefined) return true;
  const name = textOf(FunctionName);
  return others(look, /^AWS::Logs::LogGroup$/).some(
    ([, { LogGroupName }]) =>
      refersTo(LogGroupName, look.id) ||
      (name !== undefined && textOf(LogGroupName) === `/aws/lambda/${name}`) ||
      (FunctionName !== undefined && sameSub(LogGroupName, FunctionName)),
  );
}

/** `/aws/lambda/${Name}-x` beside `${Name}-x`: both wait for the same values. */
function sameSub(group: unknown, name: unknown): boolean {
  const sub = (value: unknown) =>
    isTree(value as never) ? (value as Record<string, unknown>)['Fn::Sub'] : undefined;
  const [outer, inner] = [sub(group), sub(name)];
  return typeof outer === 'string' && typeof inner === 'string' && outer === `/aws/lambda/${inner}`;
}

/** A function of SAM, and the API that its events make where they name none. */
const samFunction: Entry = (look) => [...fn(look), ...(isFirstWithApi(look) ? impliedApis(look) : [])];

const SAM_FUNCTION = /^AWS::Serverless::Function$/;

function eventKinds(properties: Look['properties']): Set<string> {
  const all = isTree(properties.Events) ? Object.values(properties.Events) : [];
  return new Set(
    all.flatMap((event) => {
      const kind = textOf(at(event, 'Type')) ?? '';
      const named = at(event, 'Properties', kind === 'HttpApi' ? 'ApiId' : 'RestApiId');
      return named === undefined && (kind === 'HttpApi' || kind === 'Api') ? [kind] : [];
    }),
  );
}

/** All functions of a template share the implied API: it is counted with the first of them. */
function isFirstWithApi(look: Look): boolean {
  const [first] = others(look, SAM_FUNCTION).filter(([, one]) => eventKinds(one).size > 0);
  return first?.[0] === look.id;
}

function impliedApis(look: Look): Found[] {
  const kinds = new Set(others(look, SAM_FUNCTION).flatMap(([, one]) => [...eventKinds(one)]));
  return [
    ...(kinds.has('HttpApi')
      ? [millions(look, 'requests', 'HTTP API', [apiGateway, 'http-api-requests'])]
      : []),
    ...(kinds.has('Api') ? [millions(look, 'requests', 'REST API', [apiGateway, 'rest-api-requests'])] : []),
  ];
}

const httpApi: Entry = (look) => [
  textOf(look.properties.ProtocolType) === 'WEBSOCKET'
    ? millions(look, 'messages', 'messages', [apiGateway, 'websocket-messages'])
    : millions(look, 'requests', 'requests', [apiGateway, 'http-api-requests']),
];

const restApi: Entry = (look) => [millions(look, 'requests', 'requests', [apiGateway, 'rest-api-requests'])];

const stateMachine: Entry = (look) => {
  const type = textOf(look.properties.StateMachineType ?? look.properties.Type) ?? 'STANDARD';
  return type === 'EXPRESS'
    ? [
        millions(look, 'requests', 'runs', [stepFunctions, 'express-requests']),
        { why: 'the time of its runs' },
      ]
    : [millions(look, 'transitions', 'transitions', [stepFunctions, 'state-transitions'])];
};

/** A message is sent, received and deleted. */
const CALLS = 3;

const queue: Entry = (look) => {
  const fifo = String(look.properties.FifoQueue) === 'true';
  const price = fifo ? 'sqs-fifo-requests' : 'sqs-requests';
  return [millions(look, 'messages', 'requests', [queues, price], CALLS)];
};

const topic: Entry = (look) => {
  const emails = listOf(look.properties.Subscription).filter((one) => isEmail(at(one, 'Protocol'))).length;
  return [
    millions(look, 'messages', 'messages', [topics, 'sns-requests']),
    ...(emails > 0 ? [millions(look, 'emails', 'e-mails', [topics, 'sns-emails'], emails)] : []),
  ];
};

function isEmail(protocol: unknown): boolean {
  return protocol === 'email' || protocol === 'email-json';
}

const subscription: Entry = (look) =>
  isEmail(look.properties.Protocol) ? [millions(look, 'emails', 'e-mails', [topics, 'sns-emails'])] : [];

const HOURS_IN: Readonly<Record<string, number>> = { minute: 1 / 60, hour: 1, day: 24 };

const schedule: Entry = (look) => {
  const [, count = '', unit = ''] =
    /^rate\((\d+) (minute|hour|day)s?\)$/.exec(textOf(look.properties.ScheduleExpression) ?? '') ?? [];
  const hours = Number(count) * (HOURS_IN[unit] ?? 0);
  // What cron says is from once a day to every minute.
  const calls = hours > 0 ? { low: 730 / hours, typical: 730 / hours, high: 730 / hours } : CRON;
  const quantity = times(calls, 1 / 1_000_000);
  return [{ what: 'calls', service: events, item: rate('schedules'), quantity, on: [] }];
};

const CRON = { low: 1, typical: 30, high: 43_800 };

const bus: Entry = (look) => [millions(look, 'messages', 'events', [events, 'events'])];

const secret: Entry = (look) => [
  fixed('secret', secrets, rate('secrets')),
  millions(look, 'lookups', 'reads', [secrets, 'secret-requests']),
];

const key: Entry = (look) => [
  fixed('key', kms, rate('kms-keys')),
  millions(look, 'lookups', 'uses', [kms, 'kms-requests']),
];

export const SERVERLESS: Readonly<Record<string, Entry>> = {
  'AWS::Lambda::Function': fn,
  'AWS::Serverless::Function': samFunction,
  'AWS::ApiGatewayV2::Api': httpApi,
  'AWS::Serverless::HttpApi': httpApi,
  'AWS::ApiGateway::RestApi': restApi,
  'AWS::Serverless::Api': restApi,
  'AWS::StepFunctions::StateMachine': stateMachine,
  'AWS::Serverless::StateMachine': stateMachine,
  'AWS::SQS::Queue': queue,
  'AWS::SNS::Topic': topic,
  'AWS::SNS::Subscription': subscription,
  'AWS::Scheduler::Schedule': schedule,
  'AWS::Events::EventBus': bus,
  'AWS::SecretsManager::Secret': secret,
  'AWS::KMS::Key': key,
};
