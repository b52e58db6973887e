import { request } from 'node:http';
import {
  CloudFormationClient,
  CreateStackCommand,
  DescribeStacksCommand,
  UpdateStackCommand,
} from '@aws-sdk/client-cloudformation';
import { LambdaClient, PublishVersionCommand, UpdateAliasCommand } from '@aws-sdk/client-lambda';
import { beforeAll, describe, expect, it } from 'vitest';
import { startSandbox, stopSandbox } from '../../src/lib/sandbox/index.ts';
import { useSandbox } from '../helpers/sandbox.ts';

/** HTTP APIs: their addresses, and definitions as SAM writes them. */

const CODE = `exports.handler = async (event) => ({ statusCode: 200, body: JSON.stringify({
  text: process.env.TEXT, path: event.rawPath, route: event.routeKey, parameters: event.pathParameters,
  stage: event.requestContext.stage, node: process.version }) });`;

function functionOf(text: string): string {
  return `
  Function:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: nodejs24.x
      Handler: index.handler
      InlineCode: |
        ${CODE.replaceAll('\n', '\n        ')}
      AutoPublishAlias: live
      Environment: { Variables: { TEXT: ${text} } }`;
}

const SAM = (text: string, events: string) => `
Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      CorsConfiguration: { AllowOrigins: ['https://example.org'], AllowMethods: [GET] }
      Auth:
        Authorizers:
          Token:
            IdentitySource: $request.header.Authorization
            JwtConfiguration: { issuer: 'https://issuer.example.org', audience: [me] }${functionOf(text)}
      Events:
        ${events}
Outputs:
  Url: { Value: !GetAtt Api.ApiEndpoint }
  Built: { Value: !Sub 'https://\${Api}.execute-api.\${AWS::Region}.\${AWS::URLSuffix}' }
  Foreign: { Value: 'https://abcdef1234.execute-api.eu-west-3.amazonaws.com/x' }
  Function: { Value: !Ref Function }
`;
const ITEM = `Item: { Type: HttpApi, Properties: { ApiId: !Ref Api, Path: '/items/{id}', Method: get } }`;
const ALL = `All: { Type: HttpApi, Properties: { ApiId: !Ref Api } }`;
const GUARDED = `Mine: { Type: HttpApi, Properties: { ApiId: !Ref Api, Path: /mine, Method: ANY, Auth: { Authorizer: Token } } }`;

const EXPLICIT = `
Transform: AWS::Serverless-2016-10-31
Resources:
  Api: { Type: AWS::ApiGatewayV2::Api, Properties: { Name: explicit, ProtocolType: HTTP } }
  Stage: { Type: AWS::ApiGatewayV2::Stage, Properties: { ApiId: !Ref Api, StageName: prod, AutoDeploy: true } }${functionOf('alias')}
  Integration:
    Type: AWS::ApiGatewayV2::Integration
    Properties:
      ApiId: !Ref Api
      IntegrationType: AWS_PROXY
      IntegrationUri: !Ref Function.Alias
      PayloadFormatVersion: '2.0'
  Route:
    Type: AWS::ApiGatewayV2::Route
    Properties: { ApiId: !Ref Api, RouteKey: $default, Target: !Sub 'integrations/\${Integration}' }
  Permission:
    Type: AWS::Lambda::Permission
    Properties:
      FunctionName: !Ref Function.Alias
      Action: lambda:InvokeFunction
      Principal: apigateway.amazonaws.com
Outputs:
  Url: { Value: !Sub 'https://\${Api}.execute-api.\${AWS::Region}.amazonaws.com/prod' }
  Function: { Value: !Ref Function }
`;

const used = useSandbox();
let stacks: CloudFormationClient;
let lambda: LambdaClient;
const connect = () => {
  const config = { ...used.target, region: 'eu-west-3' };
  stacks = new CloudFormationClient(config);
  lambda = new LambdaClient(config);
};
beforeAll(connect);

async function outputsOf(StackName: string): Promise<Record<string, string>> {
  const { Stacks: [stack] = [] } = await stacks.send(new DescribeStacksCommand({ StackName }));
  expect(stack?.StackStatus).toMatch(/^(CREATE|UPDATE)_COMPLETE$/);
  return Object.fromEntries((stack?.Outputs ?? []).map((o) => [o.OutputKey ?? '', o.OutputValue ?? '']));
}

async function deploy(StackName: string, TemplateBody: string, update = false) {
  const Capabilities = ['CAPABILITY_IAM' as const, 'CAPABILITY_AUTO_EXPAND' as const];
  const input = { StackName, TemplateBody, Capabilities };
  await stacks.send(update ? new UpdateStackCommand(input) : new CreateStackCommand(input));
  await expect
    .poll(
      async () => (await stacks.send(new DescribeStacksCommand({ StackName }))).Stacks?.[0]?.StackStatus,
      { timeout: 60_000, interval: 50 },
    )
    .not.toMatch(/IN_PROGRESS$/);
  return outputsOf(StackName);
}

async function get(url: string, init?: RequestInit) {
  const answer = await fetch(url, init);
  const text = await answer.text();
  return {
    status: answer.status,
    headers: answer.headers,
    body: text.startsWith('{') ? JSON.parse(text) : text,
  };
}

/** What a browser is answered at an address that it knows by another name: fetch does not let one say that. */
function statusAs(host: string, endpoint: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const headers = { host, 'user-agent': 'Mozilla/5.0' };
    request(endpoint, { headers }, (answer) => resolve(answer.resume().statusCode))
      .on('error', reject)
      .end();
  });
}

describe('an HTTP API of SAM', () => {
  let app: Record<string, string>;

  it('has the routes of its definition, at an address that answers', async () => {
    app = await deploy('sam', SAM('first', `${ITEM}\n        ${GUARDED}`));
    expect(app.Url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/_aws\/execute-api\/\w+$/);
    expect(await get(`${app.Url}/items/7?x=1`)).toMatchObject({
      status: 200,
      body: {
        text: 'first',
        route: 'GET /items/{id}',
        path: '/items/7',
        parameters: { id: '7' },
        stage: '$default',
        node: process.version,
      },
    });
    expect((await get(`${app.Url}/other`)).status).toBe(404);
    expect((await get(app.Url as string)).status).toBe(404);
  });

  it('honours the authorizer and the CORS of its definition', async () => {
    expect((await get(`${app.Url}/mine`)).status).toBe(401);
    const { headers } = await get(`${app.Url}/items/1`, { headers: { origin: 'https://example.org' } });
    expect(headers.get('access-control-allow-origin')).toBe('https://example.org');
  });

  it('is for whom it allows, AWS itself not for pages of other places: they could run here what they like', async () => {
    const { endpoint } = used.target;
    // The list of buckets, the shortest of all calls.
    const from = (origin: string) => get(endpoint, { headers: { origin } });
    expect((await get(endpoint)).status).toBe(200);
    expect((await from('http://localhost:3000')).status).toBe(200);
    expect((await from('http://127.0.0.1:8080')).status).toBe(200);
    for (const origin of ['https://example.org', 'null', 'http://localhost.example.org']) {
      const refused = await from(origin);
      expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([403, null]);
    }
    const frame = { headers: { 'user-agent': 'Mozilla/5.0' } };
    expect((await get(`${endpoint}/?Action=ListTopics`, frame)).status).toBe(403);
    // A name of somebody else that leads to this machine: its pages read what they like, and name no origin.
    expect(await statusAs('example.org', endpoint)).toBe(403);
    expect(await statusAs('localhost', endpoint)).toBe(200);
    const preflight = { origin: 'https://example.org', 'access-control-request-method': 'POST' };
    expect((await get(endpoint, { method: 'OPTIONS', headers: preflight })).status).toBe(403);
  });

  it('has outputs that lead to this machine where they lead to one of its APIs, and only there', async () => {
    expect(app.Built).toBe(app.Url);
    expect(app.Foreign).toBe('https://abcdef1234.execute-api.eu-west-3.amazonaws.com/x');
  });

  it('follows its definition: routes come and go, the address stays', async () => {
    const next = await deploy('sam', SAM('second', ALL), true);
    expect(next.Url).toBe(app.Url);
    expect(await get(`${app.Url}/items/7`)).toMatchObject({ body: { text: 'second', route: '$default' } });
    expect((await get(`${app.Url}/mine`)).status).toBe(200);
    expect((await get(app.Url as string)).body).toMatchObject({ path: '/' });
  });
});

describe('an HTTP API of resources', () => {
  it('invokes what the alias of its integration is on, below its stage', async () => {
    const app = await deploy('explicit', EXPLICIT);
    expect(app.Url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/_aws\/execute-api\/\w+\/prod$/);
    expect((await get(`${app.Url}/health`)).body).toMatchObject({
      text: 'alias',
      stage: 'prod',
      path: '/health',
    });

    const FunctionName = app.Function as string;
    const { UpdateFunctionConfigurationCommand } = await import('@aws-sdk/client-lambda');
    const Environment = { Variables: { TEXT: 'newer' } };
    await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, Environment }));
    expect((await get(`${app.Url}/health`)).body).toMatchObject({ text: 'alias' });
    const { Version } = await lambda.send(new PublishVersionCommand({ FunctionName }));
    const point = (FunctionVersion: string | undefined) =>
      lambda.send(new UpdateAliasCommand({ FunctionName, Name: 'live', FunctionVersion }));
    await point(Version);
    expect((await get(`${app.Url}/health`)).body).toMatchObject({ text: 'newer' });
    await point('1');
    expect((await get(`${app.Url}/health`)).body).toMatchObject({ text: 'alias' });
    await point('$LATEST');
    expect((await get(`${app.Url}/health`)).body).toMatchObject({ text: 'newer' });
  });

  it('still answers after a restart on another port, at the address that the stack then names', async () => {
    const before = await outputsOf('explicit');
    await stopSandbox({ env: used.sandbox.env });
    const { createServer } = await import('node:http');
    const squatter = createServer().listen(Number(new URL(used.target.endpoint).port), '127.0.0.1');
    try {
      (used as { target: typeof used.target }).target = (
        await startSandbox({ env: used.sandbox.env })
      ).target;
      connect();
      const after = await outputsOf('explicit');
      expect(after.Url).not.toBe(before.Url);
      expect((await get(`${after.Url}/health`)).body).toMatchObject({ text: 'newer' });
    } finally {
      squatter.close();
    }
  });
});
