import { createHash } from 'node:crypto';
import type { FakeClock } from './clock.ts';
import { readObject } from './s3.ts';
import type { Context, FakeState, Service } from './server.ts';
import type {
  FakeAlias,
  FakeFunction,
  FunctionCode,
  FunctionConfiguration,
  FunctionVersion,
  LambdaState,
  UpdateScript,
} from './state.ts';
import { FakeError, type Parameters } from './wire.ts';

/** Lambda, version 2015-03-31: REST and JSON. Code, versions, aliases and invocations of functions. */

const PATH =
  /^\/2015-03-31\/functions\/(?<name>[^/]+)(?:\/(?<part>configuration|code|versions|aliases|invocations)(?:\/(?<alias>[^/]+))?)?\/?$/;
const ACTIONS: Readonly<Record<string, string>> = {
  'GET ': 'GetFunction',
  'DELETE ': 'DeleteFunction',
  'GET configuration': 'GetFunctionConfiguration',
  'PUT configuration': 'UpdateFunctionConfiguration',
  'PUT code': 'UpdateFunctionCode',
  'GET versions': 'ListVersionsByFunction',
  'POST versions': 'PublishVersion',
  'GET aliases': 'ListAliases',
  'POST aliases': 'CreateAlias',
  'GET aliases/': 'GetAlias',
  'PUT aliases/': 'UpdateAlias',
  'DELETE aliases/': 'DeleteAlias',
  'POST invocations': 'Invoke',
};
const JSON_HEADERS = { 'content-type': 'application/json' };

export const lambda: Service = {
  name: 'lambda',
  read({ method, url, body }) {
    const { name = '', part = '', alias } = PATH.exec(decodeURIComponent(url.pathname))?.groups ?? {};
    const all = /\/functions\/?$/.test(url.pathname) && method === 'GET';
    const action = all
      ? 'ListFunctions'
      : (ACTIONS[`${method} ${part}${alias ? '/' : ''}`] ?? `${method} ${url.pathname}`);
    const sent = action === 'Invoke' ? { Payload: body.toString() } : JSON.parse(body.toString() || '{}');
    return {
      action,
      parameters: {
        ...sent,
        ...Object.fromEntries(url.searchParams),
        FunctionName: /function:([^:]+)/.exec(name)?.[1] ?? name.split(':')[0],
        ...(alias ? { Name: alias } : {}),
      },
    };
  },
  handle(action, p, context) {
    if (action === 'ListFunctions')
      return { status: 200, headers: JSON_HEADERS, body: JSON.stringify(listFunctions(p, context)) };
    const handler = HANDLERS[action];
    if (!handler) throw new Error(`the fake's Lambda does not know ${action}`);
    const { status = 200, headers = {}, body } = handler(functionOf(p, context), p, context);
    return {
      status,
      headers: { ...JSON_HEADERS, ...headers },
      body: body === undefined ? '' : JSON.stringify(body),
    };
  },
  fail: (error) => ({
    status: error.status,
    headers: { ...JSON_HEADERS, 'x-amzn-errortype': error.code },
    body: JSON.stringify({
      Type: error.status >= 500 ? 'Service' : 'User',
      message: error.message,
      Message: error.message,
      ...error.fields,
    }),
  }),
};

function listFunctions(p: Parameters, { state }: Context): object {
  const all = [...state.lambda.functions.values()].flatMap((fn) => [
    configuration(fn, undefined),
    ...(p.FunctionVersion === 'ALL' ? fn.versions.map(({ version }) => configuration(fn, version)) : []),
  ]);
  const from = Number(p.Marker ?? 0);
  const to = from + state.lambda.pageSize;
  return { Functions: all.slice(from, to), NextMarker: to < all.length ? String(to) : undefined };
}

const notFound = (message: string) => new FakeError('ResourceNotFoundException', message, 404);

function arnOf(context: { state: FakeState; region: string }, name: string): string {
  return `arn:aws:lambda:${context.region}:${context.state.account}:function:${name}`;
}

function functionOf(p: Parameters, context: Context): FakeFunction {
  const found = context.state.lambda.functions.get(String(p.FunctionName));
  if (found) return found;
  throw notFound(`Function not found: ${arnOf(context, String(p.FunctionName))}`);
}

function aliasOf(fn: FakeFunction, p: Parameters): FakeAlias {
  const alias = fn.aliases.get(String(p.Name));
  if (!alias) throw notFound(`Cannot find alias arn: ${fn.arn}:${p.Name}`);
  return alias;
}

export interface NewFunction {
  readonly name: string;
  readonly image?: string;
  readonly zip?: Uint8Array;
  readonly region?: string;
  readonly configuration?: Partial<FunctionConfiguration>;
}

/** Puts a function there, as CloudFormation would; for tests. */
export function addFunction(state: FakeState, made: NewFunction, now = 0): FakeFunction {
  const fn: FakeFunction = {
    name: made.name,
    arn: arnOf({ state, region: made.region ?? 'eu-west-3' }, made.name),
    code: made.image ? imageCode(made.image) : zipCode(made.zip ?? Buffer.from('zip')),
    configuration: {
      packageType: made.image ? 'Image' : 'Zip',
      runtime: made.image ? undefined : 'nodejs24.x',
      handler: made.image ? undefined : 'index.handler',
      role: `arn:aws:iam::${state.account}:role/${made.name}`,
      memory: 128,
      timeout: 3,
      environment: {},
      architectures: ['x86_64'],
      ...made.configuration,
    },
    revision: state.lambda.revision(),
    modified: now,
    state: 'Active',
    stateReason: undefined,
    stateReasonCode: undefined,
    updateStatus: 'Successful',
    updateReason: undefined,
    updateReasonCode: undefined,
    versions: [],
    aliases: new Map(),
    serial: 0,
  };
  state.lambda.functions.set(made.name, fn);
  return fn;
}

export function addAlias(state: FakeState, fn: FakeFunction, name: string, version = '$LATEST'): FakeAlias {
  const alias = { name, version, description: '', weights: {}, revision: state.lambda.revision() };
  fn.aliases.set(name, alias);
  return alias;
}

export function imageCode(uri: string): FunctionCode {
  const sha256 = /@sha256:([0-9a-f]{64})$/.exec(uri)?.[1] ?? createHash('sha256').update(uri).digest('hex');
  return { sha256, size: 0, imageUri: uri };
}

export function zipCode(zip: Uint8Array): FunctionCode {
  return {
    sha256: createHash('sha256').update(zip).digest('base64'),
    size: zip.byteLength,
    imageUri: undefined,
  };
}

const scriptOf = (state: LambdaState, name: string): UpdateScript =>
  state.script.get(name) ?? state.script.get('*') ?? {};

/** Starts an update of $LATEST: InProgress for the scripted time, then Successful or Failed. */
export function startUpdate(
  state: LambdaState,
  clock: FakeClock,
  fn: FakeFunction,
  change: { code?: FunctionCode; configuration?: Partial<FunctionConfiguration> },
): void {
  if (change.code) fn.code = change.code;
  fn.configuration = { ...fn.configuration, ...change.configuration };
  fn.revision = state.revision();
  fn.modified = clock.now();
  fn.updateStatus = 'InProgress';
  fn.updateReason = 'The function is being created.';
  fn.updateReasonCode = 'Creating';
  const script = scriptOf(state, fn.name);
  clock.after(script.ms ?? 500, () => {
    fn.updateStatus = script.fail ? 'Failed' : 'Successful';
    fn.updateReason = script.fail?.reason;
    fn.updateReasonCode = script.fail?.code;
    fn.revision = state.revision();
  });
}

const busy = (fn: FakeFunction) =>
  new FakeError(
    'ResourceConflictException',
    `The operation cannot be performed at this time. An update is in progress for resource: ${fn.arn}`,
    409,
  );

function guard(fn: FakeFunction, p: Parameters, revision = fn.revision): void {
  if (p.RevisionId !== undefined && p.RevisionId !== revision) {
    throw new FakeError(
      'PreconditionFailedException',
      'The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id',
      412,
    );
  }
}

function published(fn: FakeFunction, version: string): FunctionVersion {
  const found = fn.versions.find((one) => one.version === version);
  if (!found) throw notFound(`Function not found: ${fn.arn}:${version}`);
  return found;
}

/** The configuration of $LATEST, of a version, or of the version that an alias points at. */
function configuration(fn: FakeFunction, qualifier?: unknown): Record<string, unknown> {
  const alias = qualifier === undefined ? undefined : fn.aliases.get(String(qualifier));
  const version = alias?.version ?? (qualifier === undefined ? '$LATEST' : String(qualifier));
  const one = version === '$LATEST' ? undefined : published(fn, version);
  const c = one?.configuration ?? fn.configuration;
  const code = one?.code ?? fn.code;
  return {
    FunctionName: fn.name,
    FunctionArn: qualifier === undefined ? fn.arn : `${fn.arn}:${qualifier}`,
    Runtime: c.runtime,
    Role: c.role,
    Handler: c.handler,
    CodeSize: code.size,
    Description: one?.description ?? '',
    Timeout: c.timeout,
    MemorySize: c.memory,
    LastModified: new Date(one?.modified ?? fn.modified).toISOString().replace('Z', '+0000'),
    CodeSha256: code.sha256,
    Version: version,
    Environment: Object.keys(c.environment).length > 0 ? { Variables: c.environment } : undefined,
    TracingConfig: { Mode: 'PassThrough' },
    RevisionId: one ? `${one.version}-${fn.arn.length}` : fn.revision,
    State: one?.state ?? fn.state,
    StateReason: one ? one.stateReason : fn.stateReason,
    StateReasonCode: one ? one.stateReasonCode : fn.stateReasonCode,
    LastUpdateStatus: one ? 'Successful' : fn.updateStatus,
    LastUpdateStatusReason: one ? undefined : fn.updateReason,
    LastUpdateStatusReasonCode: one ? undefined : fn.updateReasonCode,
    PackageType: c.packageType,
    Architectures: c.architectures,
    EphemeralStorage: { Size: 512 },
  };
}

function shownAlias(fn: FakeFunction, alias: FakeAlias): object {
  return {
    AliasArn: `${fn.arn}:${alias.name}`,
    Name: alias.name,
    FunctionVersion: alias.version,
    Description: alias.description,
    RevisionId: alias.revision,
    RoutingConfig:
      Object.keys(alias.weights).length > 0 ? { AdditionalVersionWeights: alias.weights } : undefined,
  };
}

function newCode(fn: FakeFunction, p: Parameters, context: Context): FunctionCode {
  const { packageType } = fn.configuration;
  const wrong = (message: string) => new FakeError('InvalidParameterValueException', message, 400);
  if (p.ImageUri) {
    if (packageType === 'Zip')
      throw wrong("Please don't provide ImageUri when updating a function with packageType Zip.");
    return imageCode(String(p.ImageUri));
  }
  if (packageType === 'Image')
    throw wrong('Please provide ImageUri when updating a function with packageType Image.');
  if (p.ZipFile) return zipCode(Buffer.from(String(p.ZipFile), 'base64'));
  const body = readObject(context.state.s3, String(p.S3Bucket), String(p.S3Key));
  if (!body)
    throw wrong(
      'Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist.',
    );
  return zipCode(body);
}

function publish(fn: FakeFunction, p: Parameters, { state, clock }: Context): FunctionVersion {
  const last = fn.versions.at(-1);
  const same =
    last &&
    last.code.sha256 === fn.code.sha256 &&
    JSON.stringify(last.configuration) === JSON.stringify(fn.configuration);
  if (same) return last;
  const script = scriptOf(state.lambda, fn.name);
  const version: FunctionVersion = {
    version: String(++fn.serial),
    code: fn.code,
    configuration: fn.configuration,
    description: String(p.Description ?? ''),
    modified: clock.now(),
    state: 'Pending',
    stateReason: 'The function is being created.',
    stateReasonCode: 'Creating',
  };
  fn.versions.push(version);
  clock.after(script.publishMs ?? 100, () => {
    version.state = script.publishFail ? 'Failed' : 'Active';
    version.stateReason = script.publishFail?.reason;
    version.stateReasonCode = script.publishFail?.code;
  });
  return version;
}

/** @throws FakeError for what Lambda takes for no alias */
function checkAlias(fn: FakeFunction, name: string, version: string, p: Parameters): void {
  const wrong = (message: string) => new FakeError('InvalidParameterValueException', message, 400);
  if (!/^(?!\d+$)[\w-]{1,128}$/.test(name))
    throw new FakeError('ValidationException', `Value '${name}' at 'name' failed to satisfy constraint`);
  if (version !== '$LATEST') published(fn, version);
  if (String(p.Description ?? '').length > 256)
    throw new FakeError('ValidationException', "Value at 'description' failed to satisfy constraint");
  const routing = p.RoutingConfig as { AdditionalVersionWeights?: Record<string, number> } | undefined;
  for (const [other, weight] of Object.entries(routing?.AdditionalVersionWeights ?? {})) {
    if (version === '$LATEST' || other === '$LATEST')
      throw wrong('$LATEST is not supported for an alias pointing to more than 1 version');
    if (other === version)
      throw wrong(
        `Invalid function version ${other}. Function version ${other} is already included in routing configuration.`,
      );
    published(fn, other);
    if (!(weight >= 0 && weight <= 1)) throw wrong('The weight must be between 0.0 and 1.0');
  }
}

function pointAlias(fn: FakeFunction, alias: FakeAlias, p: Parameters, context: Context): void {
  const version = String(p.FunctionVersion ?? alias.version);
  checkAlias(fn, alias.name, version, p);
  alias.version = version;
  if (p.Description !== undefined) alias.description = String(p.Description);
  const routing = p.RoutingConfig as { AdditionalVersionWeights?: Record<string, number> } | undefined;
  if (routing) alias.weights = routing.AdditionalVersionWeights ?? {};
  alias.revision = context.state.lambda.revision();
}

interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

type Handler = (fn: FakeFunction, p: Parameters, context: Context) => Answer;

const HANDLERS: Readonly<Record<string, Handler>> = {
  GetFunction(fn, p) {
    const shown = configuration(fn, p.Qualifier);
    const version = String(shown.Version);
    const code = version === '$LATEST' ? fn.code : published(fn, version).code;
    const { imageUri } = code;
    return {
      body: {
        Configuration: shown,
        Code: imageUri
          ? {
              RepositoryType: 'ECR',
              ImageUri: imageUri,
              ResolvedImageUri: imageUri.includes('@')
                ? imageUri
                : `${imageUri.replace(/:[^:/]+$/, '')}@sha256:${code.sha256}`,
            }
          : { RepositoryType: 'S3', Location: 'https://example.invalid/code.zip' },
      },
    };
  },
  GetFunctionConfiguration: (fn, p) => ({ body: configuration(fn, p.Qualifier) }),
  UpdateFunctionCode(fn, p, context) {
    if (fn.updateStatus === 'InProgress') throw busy(fn);
    guard(fn, p);
    const code = newCode(fn, p, context);
    const architectures = p.Architectures as string[] | undefined;
    startUpdate(context.state.lambda, context.clock, fn, {
      code,
      configuration: architectures ? { architectures } : {},
    });
    return { body: configuration(fn) };
  },
  UpdateFunctionConfiguration(fn, p, context) {
    if (fn.updateStatus === 'InProgress') throw busy(fn);
    guard(fn, p);
    const environment = (p.Environment as { Variables?: Record<string, string> } | undefined)?.Variables;
    startUpdate(context.state.lambda, context.clock, fn, {
      configuration: {
        ...(p.MemorySize === undefined ? {} : { memory: Number(p.MemorySize) }),
        ...(p.Timeout === undefined ? {} : { timeout: Number(p.Timeout) }),
        ...(environment ? { environment } : {}),
      },
    });
    return { body: configuration(fn) };
  },
  PublishVersion(fn, p, context) {
    if (fn.updateStatus === 'InProgress') throw busy(fn);
    guard(fn, p);
    if (p.CodeSha256 !== undefined && p.CodeSha256 !== fn.code.sha256) {
      throw new FakeError(
        'InvalidParameterValueException',
        `CodeSHA256 (${p.CodeSha256}) is different from current CodeSHA256 in $LATEST (${fn.code.sha256}). Please try again with the CodeSHA256 in $LATEST.`,
        400,
      );
    }
    return { status: 201, body: configuration(fn, publish(fn, p, context).version) };
  },
  ListVersionsByFunction(fn, p, { state }) {
    const all = ['$LATEST', ...fn.versions.map((one) => one.version)];
    const from = Number(p.Marker ?? 0);
    const to = from + Math.min(Number(p.MaxItems ?? 50), state.lambda.pageSize);
    return {
      body: {
        Versions: all.slice(from, to).map((version) => configuration(fn, version)),
        NextMarker: to < all.length ? String(to) : undefined,
      },
    };
  },
  ListAliases: (fn) => ({ body: { Aliases: [...fn.aliases.values()].map((one) => shownAlias(fn, one)) } }),
  GetAlias: (fn, p) => ({ body: shownAlias(fn, aliasOf(fn, p)) }),
  CreateAlias(fn, p, context) {
    const name = String(p.Name);
    if (fn.aliases.has(name)) {
      throw new FakeError('ResourceConflictException', `Alias already exists: ${fn.arn}:${name}`, 409);
    }
    const version = String(p.FunctionVersion);
    checkAlias(fn, name, version, p);
    const alias = addAlias(context.state, fn, name, version);
    pointAlias(fn, alias, p, context);
    return { status: 201, body: shownAlias(fn, alias) };
  },
  UpdateAlias(fn, p, context) {
    const alias = aliasOf(fn, p);
    guard(fn, p, alias.revision);
    pointAlias(fn, alias, p, context);
    return { body: shownAlias(fn, alias) };
  },
  DeleteAlias(fn, p) {
    fn.aliases.delete(String(p.Name));
    return { status: 204 };
  },
  DeleteFunction(fn, _p, { state }) {
    state.lambda.functions.delete(fn.name);
    return { status: 204 };
  },
  Invoke(fn, p, { state }) {
    const shown = configuration(fn, p.Qualifier);
    const payload = p.Payload ? JSON.parse(String(p.Payload)) : undefined;
    const { payload: answer, functionError } = state.lambda.invoke(fn.name, payload);
    return {
      headers: {
        'x-amz-executed-version': String(shown.Version),
        ...(functionError ? { 'x-amz-function-error': functionError } : {}),
      },
      body: answer,
    };
  },
};
