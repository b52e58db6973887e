import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CloudFormationClient,
  CreateStackCommand,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
  UpdateStackCommand,
} from '@aws-sdk/client-cloudformation';
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import {
  DescribeImagesCommand,
  DescribeRepositoriesCommand,
  ECRClient,
  GetAuthorizationTokenCommand,
} from '@aws-sdk/client-ecr';
import {
  CreateFunctionCommand,
  DeleteFunctionCommand,
  GetFunctionCommand,
  InvokeCommand,
  LambdaClient,
  PublishVersionCommand,
  UpdateAliasCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
  waitUntilFunctionUpdatedV2,
} from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sandboxStatus, stopSandbox } from '../../src/lib/sandbox/index.ts';
import { buildLambdaImage, engine, hasEngine } from '../helpers/lambda-image.ts';
import { TestSandbox, useSandbox } from '../helpers/sandbox.ts';
import { until } from '../helpers/until.ts';

/** Image functions: what goes to AWS, run by the container engine of this machine. */

const REPOSITORY = `
Resources:
  Repository:
    Type: AWS::ECR::Repository
    Properties:
      RepositoryName: team/api
      ImageScanningConfiguration: { ScanOnPush: true }
      EmptyOnDelete: true
      LifecyclePolicy:
        LifecyclePolicyText: '{"rules":[{"rulePriority":1,"selection":{"tagStatus":"any","countType":"imageCountMoreThan","countNumber":10},"action":{"type":"expire"}}]}'
Outputs:
  Uri: { Value: !GetAtt Repository.RepositoryUri }
`;
const APP = `
Transform: AWS::Serverless-2016-10-31
Parameters:
  Image: { Type: String }
  Greeting: { Type: String, Default: hello }
Resources:
  Api: { Type: AWS::Serverless::HttpApi }
  Function:
    Type: AWS::Serverless::Function
    Properties:
      PackageType: Image
      ImageUri: !Ref Image
      Timeout: 2
      MemorySize: 256
      AutoPublishAlias: live
      Environment:
        Variables: { GREETING: !Ref Greeting, LINES: "one\\ntwo", 'EMPTY': '' }
      Events:
        All: { Type: HttpApi, Properties: { ApiId: !Ref Api } }
Outputs:
  Url: { Value: !GetAtt Api.ApiEndpoint }
  Function: { Value: !Ref Function }
`;

const used = useSandbox();
const label = () => `label=infractl.sandbox=${used.sandbox.paths.id}`;
const containers = () => engine('ps', '--all', '--quiet', '--filter', label()).split('\n').filter(Boolean);

describe('where no container engine answers', () => {
  it('the sandbox runs all the same, and an image function says what is missing', async () => {
    const sandbox = await new TestSandbox().prepare();
    sandbox.env.INFRACTL_DOCKER = '/nonexistent/docker';
    try {
      const lambda = new LambdaClient({ ...(await sandbox.start()), region: 'eu-west-3' });
      const { engine: answer } = await sandboxStatus(sandbox.env);
      expect(answer).toEqual({
        command: '/nonexistent/docker',
        reason: '/nonexistent/docker is not installed',
      });
      const FunctionName = 'alone';
      await lambda.send(
        new CreateFunctionCommand({
          FunctionName,
          PackageType: 'Image',
          Code: { ImageUri: 'public.example.org/image:1' },
          Role: 'arn:aws:iam::000000000000:role/any',
        }),
      );
      const { Payload, FunctionError } = await lambda.send(new InvokeCommand({ FunctionName }));
      expect(FunctionError).toBe('Unhandled');
      expect(JSON.parse(Buffer.from(Payload ?? []).toString())).toEqual({
        errorType: 'Runtime.ImageUnavailable',
        errorMessage:
          'The image public.example.org/image:1 cannot be run: /nonexistent/docker is not installed',
      });
    } finally {
      await sandbox.remove();
    }
  });
});

describe.skipIf(!hasEngine())('an image function', () => {
  let lambda: LambdaClient;
  let ecr: ECRClient;
  let stacks: CloudFormationClient;
  let logs: CloudWatchLogsClient;
  let uri: string;
  let app: Record<string, string>;
  const digests: Record<string, string> = {};
  const tags: string[] = [];

  beforeAll(() => {
    const config = { ...used.target, region: 'eu-west-3' };
    lambda = new LambdaClient(config);
    ecr = new ECRClient(config);
    stacks = new CloudFormationClient(config);
    logs = new CloudWatchLogsClient(config);
  });
  afterAll(() => {
    // Those that were pulled have no tag; each name is removed by itself, since some are gone by then.
    for (const name of [...tags, ...Object.values(digests).map((digest) => `${uri}@${digest}`)]) {
      try {
        engine('image', 'rm', '--force', name);
      } catch {
        // Gone already.
      }
    }
  });

  async function deploy(name: string, template: string, parameters: Record<string, string>, update = false) {
    const input = {
      StackName: name,
      TemplateBody: template,
      Capabilities: ['CAPABILITY_IAM' as const, 'CAPABILITY_AUTO_EXPAND' as const],
      Parameters: Object.entries(parameters).map(([ParameterKey, ParameterValue]) => ({
        ParameterKey,
        ParameterValue,
      })),
    };
    await stacks.send(update ? new UpdateStackCommand(input) : new CreateStackCommand(input));
    const { StackStatus: status, Outputs = [] } = await until(async () => {
      const { Stacks: [stack] = [] } = await stacks.send(new DescribeStacksCommand({ StackName: name }));
      return !stack?.StackStatus?.endsWith('IN_PROGRESS') && stack;
    });
    const outputs = Outputs.map((o) => [o.OutputKey ?? '', o.OutputValue ?? '']);
    return { status, outputs: Object.fromEntries(outputs) as Record<string, string> };
  }

  async function push(tag: string): Promise<string> {
    const image = `${uri}:${tag}`;
    tags.push(image);
    buildLambdaImage(image, tag);
    engine('push', image);
    const found = await ecr.send(
      new DescribeImagesCommand({ repositoryName: 'team/api', imageIds: [{ imageTag: tag }] }),
    );
    return found.imageDetails?.[0]?.imageDigest ?? '';
  }

  async function invoke(event: unknown, Qualifier?: string) {
    const answer = await lambda.send(
      new InvokeCommand({
        FunctionName: app.Function,
        Payload: JSON.stringify(event),
        Qualifier,
        LogType: 'Tail',
      }),
    );
    const body = JSON.parse(Buffer.from(answer.Payload ?? []).toString());
    const log = Buffer.from(answer.LogResult ?? '', 'base64').toString();
    return { error: answer.FunctionError, version: answer.ExecutedVersion, body, log };
  }

  async function configure(changes: Omit<UpdateFunctionConfigurationCommand['input'], 'FunctionName'>) {
    const FunctionName = app.Function as string;
    await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, ...changes }));
    await waitUntilFunctionUpdatedV2({ client: lambda, maxWaitTime: 60, minDelay: 0.1 }, { FunctionName });
  }

  const get = async (path: string) =>
    (await fetch(app.Url + path)).json() as Promise<
      { env: Record<string, string> } & Record<string, unknown>
    >;

  it('has its repository at an address that docker can push to, after a login with the token', async () => {
    const { outputs } = await deploy('registry', REPOSITORY, {});
    uri = outputs.Uri ?? '';
    const { port } = new URL(used.target.endpoint);
    expect(uri).toBe(`127.0.0.1:${port}/team/api`);
    const described = await ecr.send(new DescribeRepositoriesCommand({ repositoryNames: ['team/api'] }));
    expect(described.repositories?.[0]).toMatchObject({
      repositoryUri: uri,
      imageScanningConfiguration: { scanOnPush: true },
    });
    const token = (await ecr.send(new GetAuthorizationTokenCommand({}))).authorizationData?.[0];
    expect(token?.proxyEndpoint).toBe(used.target.endpoint);
    const [user = '', password = ''] = Buffer.from(token?.authorizationToken ?? '', 'base64')
      .toString()
      .split(':');
    const config = mkdtempSync(join(tmpdir(), 'infractl-docker-'));
    const host = token?.proxyEndpoint?.replace('http://', '') ?? '';
    const login = ['--config', config, 'login', '--username', user, '--password-stdin', host];
    execFileSync(process.env.INFRACTL_DOCKER || 'docker', login, {
      input: password,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    rmSync(config, { recursive: true });
  });

  it('is refused, as by AWS, while its image is not in the repository', async () => {
    const { status } = await deploy('early', APP, { Image: `${uri}:none` });
    expect(status).toMatch(/ROLLBACK_COMPLETE/);
    const { StackEvents = [] } = await stacks.send(new DescribeStackEventsCommand({ StackName: 'early' }));
    const reasons = StackEvents.map((event) => event.ResourceStatusReason).join('\n');
    expect(reasons).toContain(`Source image ${uri}:none does not exist. Provide a valid source image.`);
  });

  it('knows an image by the digest that was pushed', async () => {
    digests.one = await push('one');
    const [repoDigest = ''] = engine(
      'image',
      'inspect',
      '--format',
      '{{join .RepoDigests "\\n"}}',
      `${uri}:one`,
    )
      .split('\n')
      .filter((line) => line.startsWith(`${uri}@`));
    expect(repoDigest).toBe(`${uri}@${digests.one}`);
    const found = await ecr.send(
      new DescribeImagesCommand({ repositoryName: 'team/api', imageIds: [{ imageDigest: digests.one }] }),
    );
    expect(found.imageDetails?.[0]).toMatchObject({ imageTags: ['one'], imageDigest: digests.one });
    expect(found.imageDetails?.[0]?.imageSizeInBytes).toBeGreaterThan(10e6);
    await expect(
      ecr.send(new DescribeImagesCommand({ repositoryName: 'team/api', imageIds: [{ imageTag: 'two' }] })),
    ).rejects.toMatchObject({ name: 'ImageNotFoundException' });
  });

  it('answers through the URL of its API, with its environment as AWS gives it', async () => {
    const made = await deploy('app', APP, { Image: `${uri}@${digests.one}` });
    expect(made.status).toBe('CREATE_COMPLETE');
    app = made.outputs;
    const answer = await get('/health');
    expect(answer).toMatchObject({ build: 'one', path: '/health', routeKey: '$default' });
    expect(answer.env).toMatchObject({
      GREETING: 'hello',
      LINES: 'one\ntwo',
      EMPTY: '',
      AWS_REGION: 'eu-west-3',
      AWS_LAMBDA_FUNCTION_NAME: app.Function,
      AWS_LAMBDA_FUNCTION_VERSION: '1',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '256',
      AWS_ENDPOINT_URL: used.target.endpoint,
    });
    expect(answer.deadlineIn).toBeGreaterThan(1000);
    expect(answer.deadlineIn).toBeLessThanOrEqual(2000);
  });

  it('stays warm: one container for many requests, more when they come together', async () => {
    const before = containers();
    expect(before).toHaveLength(1);
    for (let i = 0; i < 5; i++) await get('/again');
    expect(containers()).toEqual(before);
    const together = await Promise.all([1, 2, 3, 4, 5, 6].map(() => invoke({ sleep: 150 }, 'live')));
    expect(together.map(({ error }) => error)).toEqual(Array(6).fill(undefined));
    expect(containers().length).toBeLessThanOrEqual(4);
  });

  it('writes its log as Lambda does', async () => {
    const { log } = await invoke({ rawPath: '/seen' }, 'live');
    expect(log).toMatch(
      /^START RequestId: (\S+) Version: 1\nasked for \/seen\nEND RequestId: \1\nREPORT RequestId: \1\t/,
    );
    const logGroupName = `/aws/lambda/${app.Function}`;
    const { events = [] } = await logs.send(new FilterLogEventsCommand({ logGroupName }));
    const messages = events.map(({ message }) => message);
    expect(messages).toContain('asked for /seen');
    expect(messages.filter((message) => message?.startsWith('REPORT')).length).toBeGreaterThan(5);
    expect(messages.some((message) => /Init Duration: \d/.test(message ?? ''))).toBe(true);
  });

  it('has what it says after its answer in its log, too', async () => {
    await invoke({ later: 'an afterthought' }, 'live');
    const find = new FilterLogEventsCommand({ logGroupName: `/aws/lambda/${app.Function}` });
    const messages = async () => ((await logs.send(find)).events ?? []).map(({ message }) => message);
    await expect.poll(messages).toContain('an afterthought');
  });

  it('fails in the words of Lambda: an error, a crash, a timeout; and is well again after', async () => {
    const failed = await invoke({ fail: true }, 'live');
    expect(failed).toMatchObject({ error: 'Unhandled', body: { errorMessage: 'said no', errorType: 'Bad' } });
    const crashed = await invoke({ crash: true }, 'live');
    expect(crashed.body.errorType).toBe('Runtime.ExitError');
    expect(crashed.body.errorMessage).toMatch(
      /Runtime exited with error: exit status 7[\s\S]*about to crash/,
    );
    // It ends by its timeout: nobody waits for ten minutes.
    const slow = await invoke({ sleep: 600_000 }, 'live');
    expect(slow.body).toMatchObject({ errorType: 'Sandbox.Timedout' });
    expect(slow.body.errorMessage).toMatch(/Task timed out after 2\.00 seconds/);
    expect(slow.log).toMatch(/Task timed out after 2\.00 seconds/);
    expect(await get('/after')).toMatchObject({ build: 'one' });
  });

  it('publishes a version only where something changed', async () => {
    const FunctionName = app.Function as string;
    const publish = async () => (await lambda.send(new PublishVersionCommand({ FunctionName }))).Version;
    const first = await publish();
    expect(await publish()).toBe(first);
    await lambda.send(new UpdateFunctionCodeCommand({ FunctionName, ImageUri: `${uri}@${digests.one}` }));
    await waitUntilFunctionUpdatedV2({ client: lambda, maxWaitTime: 60, minDelay: 0.1 }, { FunctionName });
    expect(await publish()).toBe(first);
    await configure({ MemorySize: 300 });
    expect(Number(await publish())).toBe(Number(first) + 1);
  });

  it('serves the version that the alias is on', async () => {
    const FunctionName = app.Function as string;
    digests.two = await push('two');
    await lambda.send(new UpdateFunctionCodeCommand({ FunctionName, ImageUri: `${uri}@${digests.two}` }));
    await waitUntilFunctionUpdatedV2({ client: lambda, maxWaitTime: 60, minDelay: 0.1 }, { FunctionName });
    expect(await get('/')).toMatchObject({ build: 'one' });
    expect(JSON.parse((await invoke({})).body.body)).toMatchObject({ build: 'two' });

    const { Version = '', CodeSha256 } = await lambda.send(new PublishVersionCommand({ FunctionName }));
    expect(`sha256:${CodeSha256}`).toBe(digests.two);
    const point = (FunctionVersion: string) =>
      lambda.send(new UpdateAliasCommand({ FunctionName, Name: 'live', FunctionVersion }));
    await point(Version);
    expect(await get('/')).toMatchObject({ build: 'two' });
    expect(await invoke({}, 'live')).toMatchObject({ version: Version });
    const live = await lambda.send(new GetFunctionCommand({ FunctionName, Qualifier: 'live' }));
    expect(live.Code).toMatchObject({
      ImageUri: `${uri}@${digests.two}`,
      ResolvedImageUri: `${uri}@${digests.two}`,
    });

    await point('1');
    expect(await get('/')).toMatchObject({ build: 'one' });
    const back = await lambda.send(new GetFunctionCommand({ FunctionName, Qualifier: 'live' }));
    expect(back.Code?.ImageUri).toBe(`${uri}@${digests.one}`);
    await point('$LATEST');
    expect(await get('/')).toMatchObject({ build: 'two' });
  });

  it('is resolved when it is given by tag, as AWS does: a later push changes nothing', async () => {
    const FunctionName = app.Function as string;
    await lambda.send(new UpdateFunctionCodeCommand({ FunctionName, ImageUri: `${uri}:one` }));
    await waitUntilFunctionUpdatedV2({ client: lambda, maxWaitTime: 60, minDelay: 0.1 }, { FunctionName });
    engine('tag', `${uri}:two`, `${uri}:one`);
    engine('push', `${uri}:one`);
    expect(await get('/')).toMatchObject({ build: 'one' });
    const { Code } = await lambda.send(new GetFunctionCommand({ FunctionName }));
    expect(Code).toMatchObject({ ImageUri: `${uri}:one`, ResolvedImageUri: `${uri}@${digests.one}` });
    await expect(
      lambda.send(new UpdateFunctionCodeCommand({ FunctionName, ImageUri: `${uri}:gone` })),
    ).rejects.toMatchObject({ name: 'InvalidParameterValueException' });
  });

  it('sees a new configuration at once, by the stack or by a call', async () => {
    await configure({ Environment: { Variables: { GREETING: 'salut' } } });
    expect(await get('/')).toMatchObject({ env: { GREETING: 'salut' } });
    const changed = { Image: `${uri}@${digests.two}`, Greeting: 'ciao' };
    expect((await deploy('app', APP, changed, true)).status).toBe('UPDATE_COMPLETE');
    expect(JSON.parse((await invoke({})).body.body)).toMatchObject({
      build: 'two',
      env: { GREETING: 'ciao' },
    });
  });

  it.each([
    [{ Environment: { Variables: { FAIL_INIT: '1' } } }, 'Init.Bad', /no configuration/],
    [
      { Environment: { Variables: { EXIT_AT_ONCE: '1' } } },
      'Runtime.ExitError',
      /exit status 3[\s\S]*cannot go on/,
    ],
    [{ ImageConfig: { EntryPoint: ['/no/such/program'] } }, 'Runtime.InvalidEntrypoint', /no such file/],
  ])('says why it does not start: %o', async (changes, errorType, message) => {
    await configure(changes);
    const { body } = await invoke({});
    expect(body.errorType).toBe(errorType);
    expect(body.errorMessage).toMatch(message);
  });

  it('takes its entry point, command and folder from the configuration', async () => {
    await configure({
      Environment: { Variables: {} },
      ImageConfig: { EntryPoint: ['node'], Command: ['runtime.mjs'], WorkingDirectory: '/' },
    });
    expect(JSON.parse((await invoke({})).body.body)).toMatchObject({ folder: '/', build: 'two' });
  });

  it('is counted by status, and its container goes with it', async () => {
    expect((await sandboxStatus(used.sandbox.env)).containers).toBeGreaterThan(0);
    expect(containers().length).toBeGreaterThan(0);
    await lambda.send(new DeleteFunctionCommand({ FunctionName: app.Function }));
    await expect.poll(() => containers()).toEqual([]);
  });

  it('keeps its image over a stop; no container is left by a stop, a kill, or a reset', async () => {
    const again = { Image: `${uri}@${digests.two}` };
    app = (await deploy('app2', APP, again)).outputs;
    await get('/');
    expect(containers()).toHaveLength(1);
    await stopSandbox({ env: used.sandbox.env });
    expect(containers()).toEqual([]);
    // The engine may not have it any more: it must come from the registry, whose layers were kept.
    engine('image', 'rm', '--force', ...tags, `${uri}@${digests.two}`, `${uri}@${digests.one}`);
    const port = Number(new URL(used.target.endpoint).port);
    await used.sandbox.start(port);
    expect(await get('/')).toMatchObject({ build: 'two' });

    // Paused, it cannot notice that its sandbox is gone and end by itself.
    engine('pause', ...containers());
    process.kill((await sandboxStatus(used.sandbox.env)).pid as number, 'SIGKILL');
    expect(containers().length).toBeGreaterThan(0);
    await used.sandbox.start(port);
    expect(containers()).toEqual([]);
    expect(await get('/')).toMatchObject({ build: 'two' });
    await used.sandbox.reset();
    expect(containers()).toEqual([]);
  });
});
