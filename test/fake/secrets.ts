import { randomUUID } from 'node:crypto';
import { jsonService, required } from './json.ts';
import type { Context } from './server.ts';
import { RUN_COMMAND } from './ssm.ts';
import type { SecretsState, SecretVersion } from './state.ts';
import { FakeError, type Parameters, page } from './wire.ts';

/** Secrets Manager: GetSecretValue by name or ARN; versions and their stages by name. */
export const secretsManager = jsonService('secretsmanager', {
  GetSecretValue(p, { state, region, clock }) {
    const id = required(p, 'SecretId');
    const name = /^arn:[^:]*:secretsmanager:[^:]*:\d*:secret:(.+)-[A-Za-z0-9]{6}$/.exec(id)?.[1] ?? id;
    const value = state.secrets.secrets.get(name);
    if (value === undefined) {
      throw new FakeError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
    }
    return {
      ARN: `arn:aws:secretsmanager:${region}:${state.account}:secret:${name}-AbCdEf`,
      Name: name,
      VersionId: '00000000-0000-4000-8000-000000000001',
      ...(typeof value === 'string'
        ? { SecretString: value }
        : { SecretBinary: Buffer.from(value).toString('base64') }),
      VersionStages: ['AWSCURRENT'],
      CreatedDate: clock.now() / 1000,
    };
  },
  DescribeSecret(p, { state, clock }) {
    const name = required(p, 'SecretId');
    const versions = versionsOf(name, state.secrets, clock.now());
    return {
      Name: name,
      LastChangedDate: Math.max(...versions.map(({ at }) => at)) / 1000,
      RotationEnabled: state.secrets.rotating.has(name),
      VersionIdsToStages: Object.fromEntries(
        versions.filter(({ stages }) => stages.length > 0).map(({ id, stages }) => [id, stages]),
      ),
    };
  },
  CreateSecret(p, { state, clock }) {
    const name = required(p, 'Name');
    if (state.secrets.secrets.has(name) && !madeBy(p, state.secrets.versions.get(name)))
      throw new FakeError(
        'ResourceExistsException',
        `The operation failed because the secret ${name} already exists.`,
      );
    state.secrets.tags.set(name, tagsOf(p));
    return addVersion(name, p, state.secrets, clock.now());
  },
  PutSecretValue(p, { state, clock }) {
    const name = required(p, 'SecretId');
    versionsOf(name, state.secrets, clock.now());
    return addVersion(name, p, state.secrets, clock.now());
  },
  UpdateSecretVersionStage(p, { state, clock }) {
    const name = required(p, 'SecretId');
    const versions = versionsOf(name, state.secrets, clock.now());
    const stage = required(p, 'VersionStage');
    const from = versions.find(({ id }) => id === p.RemoveFromVersionId);
    const to = versions.find(({ id }) => id === p.MoveToVersionId);
    if (!to || !from?.stages.includes(stage))
      throw new FakeError(
        'InvalidParameterException',
        'The parameter RemoveFromVersionId has the wrong value.',
      );
    for (const version of versions) version.stages = version.stages.filter((one) => one !== PREVIOUS);
    from.stages = [PREVIOUS];
    to.stages = [stage];
    state.secrets.secrets.set(name, to.value);
    return { Name: name };
  },
});

const CURRENT = 'AWSCURRENT';
const PREVIOUS = 'AWSPREVIOUS';
/** Bytes of a secret, and of a standard parameter. */
const LONGEST = { secret: 65_536, parameter: 4096 };

function tagsOf({ Tags = [] }: Parameters): Readonly<Record<string, string>> {
  return Object.fromEntries((Tags as { Key: string; Value: string }[]).map(({ Key, Value }) => [Key, Value]));
}

function versionsOf(name: string, secrets: SecretsState, at: number): SecretVersion[] {
  const value = secrets.secrets.get(name);
  if (value === undefined)
    throw new FakeError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
  const known = secrets.versions.get(name) ?? [{ id: randomUUID(), value, at, stages: [CURRENT] }];
  secrets.versions.set(name, known);
  return known;
}

/** The version that the same request has made before. */
function madeBy({ ClientRequestToken }: Parameters, versions: readonly SecretVersion[] = []) {
  return versions.find(({ token }) => token !== undefined && token === ClientRequestToken);
}

function addVersion(name: string, p: Parameters, secrets: SecretsState, at: number): object {
  const value = required(p, 'SecretString');
  if (Buffer.byteLength(value) > LONGEST.secret)
    throw new FakeError('InvalidParameterException', 'The secret is too long.');
  const before = secrets.versions.get(name) ?? [];
  const made = madeBy(p, before);
  if (made) return { Name: name, VersionId: made.id };
  for (const version of before) version.stages = version.stages.includes(CURRENT) ? [PREVIOUS] : [];
  const token = typeof p.ClientRequestToken === 'string' ? { token: p.ClientRequestToken } : {};
  const version = { id: randomUUID(), value, at, ...token, stages: [CURRENT] };
  secrets.versions.set(name, [...before, version]);
  secrets.secrets.set(name, value);
  return { Name: name, VersionId: version.id };
}

function parameter(name: string, decrypt: boolean, { state, region, clock }: Context): object | undefined {
  const found = state.secrets.parameters.get(name);
  if (!found) return undefined;
  return {
    Name: name,
    Type: found.type,
    // Without decryption AWS gives the ciphertext.
    Value: found.type === 'SecureString' && !decrypt ? 'AQICAHfake' : found.value,
    Version: 1,
    LastModifiedDate: clock.now() / 1000,
    ARN: `arn:aws:ssm:${region}:${state.account}:parameter${name.startsWith('/') ? '' : '/'}${name}`,
    DataType: 'text',
  };
}

/** The values that a parameter has had; of one that a test has put there, the one that it has. */
function historyOf(name: string, { state, clock }: Context) {
  const found = state.secrets.parameters.get(name);
  if (!found) throw new FakeError('ParameterNotFound', '');
  const known = state.secrets.parameterHistory.get(name) ?? [
    { value: found.value, key: 'alias/aws/ssm', at: clock.now() },
  ];
  state.secrets.parameterHistory.set(name, known);
  return known;
}

/** Values of one page of a parameter's history. */
const HISTORY_PAGE = 2;

/** Systems Manager: standard parameters of Parameter Store with their history, and Run Command. */
export const ssm = jsonService('ssm', {
  ...RUN_COMMAND,
  PutParameter(p, context) {
    const { parameters, parameterHistory, tags } = context.state.secrets;
    const [name, value] = [required(p, 'Name'), required(p, 'Value')];
    if (Buffer.byteLength(value) > LONGEST.parameter)
      throw new FakeError(
        'ValidationException',
        'Standard tier parameters support a maximum parameter value of 4096 characters.',
      );
    if (parameters.has(name) && p.Overwrite !== true)
      throw new FakeError('ParameterAlreadyExists', 'The parameter already exists.');
    if (p.Overwrite === true && p.Tags)
      throw new FakeError(
        'ValidationException',
        "Invalid request: tags and overwrite can't be used together.",
      );
    const before = parameters.has(name) ? historyOf(name, context) : [];
    if (p.Tags) tags.set(name, tagsOf(p));
    parameters.set(name, { value, type: p.Type as 'SecureString' });
    // As AWS: without a key the account's own is taken, whatever the version before had.
    const key = typeof p.KeyId === 'string' ? p.KeyId : 'alias/aws/ssm';
    parameterHistory.set(name, [...before, { value, key, at: context.clock.now() }]);
    return { Version: before.length + 1, Tier: 'Standard' };
  },
  GetParameterHistory(p, context) {
    const { items, next } = page(historyOf(required(p, 'Name'), context), p.NextToken, HISTORY_PAGE);
    return {
      Parameters: items.map(({ value, key, at }) => ({
        Name: p.Name,
        Type: 'SecureString',
        KeyId: key,
        Value: p.WithDecryption === true ? value : 'AQICAHfake',
        LastModifiedDate: at / 1000,
      })),
      ...(next ? { NextToken: next } : {}),
    };
  },
  GetParameter(p, context) {
    const found = parameter(required(p, 'Name'), p.WithDecryption === true, context);
    if (!found) throw new FakeError('ParameterNotFound', '');
    return { Parameter: found };
  },
  GetParameters(p: Parameters, context) {
    const names = p.Names as string[];
    const all = names.map((name) => [name, parameter(name, p.WithDecryption === true, context)] as const);
    return {
      Parameters: all.flatMap(([, found]) => (found ? [found] : [])),
      InvalidParameters: all.filter(([, found]) => !found).map(([name]) => name),
    };
  },
});
