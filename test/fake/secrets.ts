import { jsonService, required } from './json.ts';
import type { Context } from './server.ts';
import { RUN_COMMAND } from './ssm.ts';
import { FakeError, type Parameters } from './wire.ts';

/** Secrets Manager: GetSecretValue by name or ARN. */
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
});

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

/** Systems Manager: GetParameter and GetParameters of Parameter Store, and Run Command. */
export const ssm = jsonService('ssm', {
  ...RUN_COMMAND,
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
