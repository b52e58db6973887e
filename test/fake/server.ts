import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { apiGateway, type RestApis } from './api-gateway.ts';
import { AutoScalingState, autoScaling } from './autoscaling.ts';
import { Buckets } from './buckets.ts';
import { type FakeClock, virtualClock } from './clock.ts';
import { cloudFormation } from './cloudformation.ts';
import { CloudFormationState } from './cloudformation-state.ts';
import { type CloudFrontState, cloudFront, newCloudFrontState } from './cloudfront.ts';
import { cloudWatch } from './cloudwatch.ts';
import { CloudWatchState } from './cloudwatch-state.ts';
import { type CostExplorerState, costExplorer, newCostExplorerState } from './cost-explorer.ts';
import { ebs } from './ebs.ts';
import { EbsState } from './ebs-state.ts';
import { ec2 } from './ec2.ts';
import { Ec2State } from './ec2-state.ts';
import { ecr } from './ecr.ts';
import { ecs } from './ecs.ts';
import { asError, Faults } from './faults.ts';
import { type Duration, Hold } from './hold.ts';
import { type IamState, iam, newIamState } from './iam.ts';
import { lambda } from './lambda.ts';
import { logs } from './logs.ts';
import { type FakeProduct, pricing } from './pricing.ts';
import { provideTypes } from './provisioners.ts';
import { rds } from './rds.ts';
import { RdsState } from './rds-state.ts';
import { s3 } from './s3.ts';
import { secretsManager, ssm } from './secrets.ts';
import { newSnsState, type SnsState, sns } from './sns.ts';
import { SsmState } from './ssm.ts';
import type { SecretsState } from './state.ts';
import {
  type EcrState,
  type EcsState,
  LambdaState,
  type LogsState,
  newEcrState,
  newEcsState,
  newLogsState,
  newS3State,
  newSecretsState,
  type S3State,
} from './state.ts';
import { sts } from './sts.ts';
import { TargetsState, targets } from './targets.ts';
import { FakeError, type Parameters } from './wire.ts';

/** One request as it came in. `mutates` is decided by the action's name, as IAM's access levels are. */
export interface RecordedRequest {
  readonly service: string;
  readonly action: string;
  readonly parameters: Parameters;
  readonly mutates: boolean;
  readonly region: string;
  readonly accessKey: string;
  /** When it came, on the fake's clock. */
  readonly at: number;
  /** The HTTP status that it was answered with; 0 when the connection was cut. */
  status: number;
}

export interface HttpRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** In place of a body: goes on after the head was sent, and does not keep the clock from running. */
  readonly stream?: (out: OpenAnswer) => void;
}

/** An answer that is still being written. */
export interface OpenAnswer {
  write(chunk: Uint8Array): void;
  end(): void;
  /** Cuts the connection. */
  destroy(): void;
  onClose(work: () => void): void;
}

/** A service: names what a request asks for, carries it out, and writes errors in its protocol. */
export interface Service {
  /** The name in a request's signature. */
  readonly name: string;
  /** The prefix of its IAM actions, where that is another one. */
  readonly prefix?: string;
  read(request: HttpRequest): { readonly action: string; readonly parameters: Parameters };
  handle(action: string, parameters: Parameters, context: Context, request: HttpRequest): HttpAnswer;
  fail(error: FakeError, requestId: string): HttpAnswer;
}

export interface FakeState {
  account: string;
  /** Who the credentials are: what STS answers. */
  arn: string;
  readonly cloudFormation: CloudFormationState;
  readonly lambda: LambdaState;
  readonly s3: S3State;
  readonly ecr: EcrState;
  readonly secrets: SecretsState;
  readonly ssm: SsmState;
  readonly logs: LogsState;
  readonly ecs: EcsState;
  /** What STS makes of an encoded refusal. */
  decoded: string;
  readonly cloudWatch: CloudWatchState;
  readonly ec2: Ec2State;
  readonly ebs: EbsState;
  readonly autoScaling: AutoScalingState;
  readonly targets: TargetsState;
  readonly rds: RdsState;
  readonly sns: SnsState;
  readonly restApis: RestApis;
  readonly iam: IamState;
  /** What AWS's price list holds. */
  readonly products: FakeProduct[];
  readonly cloudFront: CloudFrontState;
  readonly costExplorer: CostExplorerState;
}

export interface Context {
  readonly state: FakeState;
  readonly buckets: Buckets;
  readonly clock: FakeClock;
  readonly region: string;
  readonly requestId: string;
  /** The fake's own address. */
  readonly url: string;
}

export interface Fake {
  readonly url: string;
  readonly clock: FakeClock;
  /** Every request, oldest first. */
  readonly requests: RecordedRequest[];
  readonly faults: Faults;
  /** Access keys of processes that are dead: what they had still under way is cut, and not recorded. */
  readonly dead: Set<string>;
  /** Limits of requests a second; none until a test sets some. */
  readonly buckets: Buckets;
  readonly state: FakeState;
  /** The actions called since the last look, oldest first: `cloudformation:DescribeStacks`. */
  actions(): string[];
  mutations(): RecordedRequest[];
  /** What a shell needs to use it in place of AWS. */
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

export interface FakeOptions {
  /** Default: a virtual clock of its own. */
  readonly clock?: FakeClock;
  readonly account?: string;
}

const SERVICES: readonly Service[] = [
  cloudFormation,
  ecs,
  lambda,
  sts,
  s3,
  ecr,
  secretsManager,
  ssm,
  logs,
  cloudWatch,
  ec2,
  autoScaling,
  targets,
  rds,
  ebs,
  sns,
  apiGateway,
  iam,
  pricing,
  cloudFront,
  costExplorer,
];
const READS =
  /^(Describe|List|Get|Head|Validate|Batch(Get|Check)|Detect|Estimate|Filter|Lookup|Search|Query|Scan|Decode|Simulate|Test|Start(Query|LiveTail))/;

/** Starts the fake AWS on a free port of 127.0.0.1. One for a test: nothing is shared. */
export async function startFake(options: FakeOptions = {}): Promise<Fake> {
  const clock = options.clock ?? virtualClock();
  const account = options.account ?? '123456789012';
  const requests: RecordedRequest[] = [];
  const faults = new Faults();
  const dead = new Set<string>();
  const buckets = new Buckets();
  const state: FakeState = {
    account,
    arn: `arn:aws:iam::${account}:user/dev`,
    cloudFormation: new CloudFormationState(),
    lambda: new LambdaState(),
    s3: newS3State(),
    ecr: newEcrState(),
    secrets: newSecretsState(),
    ssm: new SsmState(),
    logs: newLogsState(),
    ecs: newEcsState(),
    decoded: '{}',
    cloudWatch: new CloudWatchState(),
    ec2: new Ec2State(),
    ebs: new EbsState(),
    autoScaling: new AutoScalingState(),
    targets: new TargetsState(),
    rds: new RdsState(),
    sns: newSnsState(),
    restApis: new Map(),
    iam: newIamState(),
    products: [],
    cloudFront: newCloudFrontState(),
    costExplorer: newCostExplorerState(),
  };
  provideTypes(state, clock);
  let looked = 0;
  const server = createServer((incoming, answer) => {
    clock.requestStarted();
    void answerRequest(incoming, answer)
      .catch((error) => {
        // A defect of the fake itself: said loudly, so that no test takes it for AWS's answer.
        process.stderr.write(`fake AWS: ${error instanceof Error ? error.stack : error}\n`);
        answer.destroy();
      })
      .finally(() => clock.requestEnded());
  });

  async function answerRequest(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    const request = await readRequest(incoming, url);
    const { accessKey, region, name } = signature(request);
    if (dead.has(accessKey)) return void answer.destroy();
    const service = SERVICES.find((one) => one.name === name);
    if (!service) throw new Error(`no service ${name} for ${request.method} ${request.url}`);
    const { action, parameters } = service.read(request);
    const mutates = !READS.test(action);
    const prefix = service.prefix ?? name;
    const record: RecordedRequest = {
      service: prefix,
      action,
      parameters,
      mutates,
      region,
      accessKey,
      at: clock.now(),
      status: 0,
    };
    requests.push(record);
    const fault = faults.take(`${prefix}:${action}`);
    if (fault?.kind === 'reset') return void answer.destroy();
    if (fault?.kind === 'delay') await delay(fault.ms);
    const requestId = randomUUID();
    const context: Context = { state, buckets, clock, region, requestId, url };
    let result: HttpAnswer;
    try {
      if (fault?.kind === 'error') throw asError(fault);
      result = service.handle(action, parameters, context, request);
    } catch (error) {
      if (!(error instanceof FakeError)) throw error;
      result = service.fail(error, requestId);
    }
    if (fault?.kind === 'lost') return void answer.destroy();
    record.status = result.status;
    answer.writeHead(result.status, {
      'x-amzn-requestid': requestId,
      // AWS tells its own time in every answer. A virtual one only where it is read for itself: elsewhere the
      // SDK would take it for this machine's clock being wrong, and try again what failed for another reason.
      ...(!clock.virtual || action === 'GetObject' ? { date: new Date(clock.now()).toUTCString() } : {}),
      ...result.headers,
    });
    if (result.stream)
      return result.stream({
        write: (chunk) => void answer.write(chunk),
        end: () => void answer.end(),
        destroy: () => void answer.destroy(),
        onClose: (work) => void answer.on('close', work),
      });
    answer.end(request.method === 'HEAD' ? undefined : result.body);
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    clock,
    requests,
    faults,
    dead,
    buckets,
    state,
    actions() {
      // A test may have emptied the record in between.
      looked = Math.min(looked, requests.length);
      const fresh = requests.slice(looked).map((request) => `${request.service}:${request.action}`);
      looked = requests.length;
      return fresh;
    },
    mutations: () => requests.filter((request) => request.mutates),
    env: {
      AWS_ENDPOINT_URL: url,
      AWS_ACCESS_KEY_ID: 'AKIDFAKE',
      AWS_SECRET_ACCESS_KEY: 'fake-secret-key',
      AWS_REGION: 'eu-west-3',
    },
    async close() {
      clock.stop();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function delay(ms: Duration): Promise<void> {
  return new Promise((resolve) => (ms instanceof Hold ? ms.after(resolve) : setTimeout(resolve, ms)));
}

async function readRequest(incoming: IncomingMessage, base: string): Promise<HttpRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const headers = Object.fromEntries(
    Object.entries(incoming.headers).map(([name, value]) => [name, String(value ?? '')]),
  );
  return {
    method: incoming.method ?? 'GET',
    url: new URL(incoming.url ?? '/', base),
    headers,
    body: Buffer.concat(chunks),
  };
}

/** Which service and region a request was signed for; a URL without a signature can only be S3's. */
function signature(request: HttpRequest): { accessKey: string; region: string; name: string } {
  const credential =
    /Credential=([^,\s]+)/.exec(request.headers.authorization ?? '')?.[1] ??
    request.url.searchParams.get('X-Amz-Credential') ??
    '';
  const [accessKey = '', , region = 'eu-west-3', name = 's3'] = credential.split('/');
  return { accessKey, region, name };
}
