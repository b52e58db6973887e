import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSecretReader, type SecretReader } from '../../src/lib/secrets/index.ts';
import { type Fake, startFake } from './server.ts';
import { sessionFor } from './session.ts';

let fake: Fake;
let reader: SecretReader;
beforeEach(async () => {
  fake = await startFake();
  reader = createSecretReader(await sessionFor(fake));
  const { secrets, parameters } = fake.state.secrets;
  secrets.set('shop/jwt', 'a-very-long-secret-value');
  secrets.set('shop/db', JSON.stringify({ password: 'pw-1234', port: 5432, nested: {} }));
  secrets.set('shop/bytes', new Uint8Array([1, 2, 3]));
  parameters.set('/shop/size', { value: '512', type: 'String' });
  parameters.set('/shop/token', { value: 'secure-value', type: 'SecureString' });
});
afterEach(() => fake.close());

describe('reading secrets', () => {
  it('reads each value once in a run, by name or ARN', async () => {
    const [one, two] = await Promise.all([reader.secret('shop/jwt'), reader.secret('shop/jwt')]);
    expect([one, two]).toEqual(Array(2).fill({ value: 'a-very-long-secret-value', secret: true }));
    expect(await reader.secret('shop/db', 'password')).toEqual({ value: 'pw-1234', secret: true });
    expect(await reader.secret('shop/db', 'port')).toEqual({ value: '5432', secret: true });
    expect(fake.actions()).toEqual(Array(2).fill('secretsmanager:GetSecretValue'));
    const arn = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/jwt-AbCdEf';
    expect((await reader.secret(arn)).value).toBe('a-very-long-secret-value');
    expect(fake.requests.at(-1)?.region).toBe('eu-west-1');
  });

  it('knows which parameters are secret, and has them decrypted', async () => {
    expect(await reader.parameter('/shop/size')).toEqual({ value: '512', secret: false });
    expect(await reader.parameter('/shop/token')).toEqual({ value: 'secure-value', secret: true });
  });

  it('says what is missing and how to make it, without a value on the command line', async () => {
    await expect(reader.secret('shop/none')).rejects.toMatchObject({
      code: 'SecretNotFound',
      message: 'There is no secret shop/none in Secrets Manager of eu-west-3.',
      suggestions: [expect.stringContaining('--secret-string file:///dev/stdin'), expect.anything()],
    });
    await expect(reader.parameter('/none')).rejects.toMatchObject({
      code: 'ParameterNotFound',
      suggestions: [expect.stringContaining('--value file:///dev/stdin'), expect.anything()],
    });
    fake.state.secrets.secrets.set('shop/none', 'here now');
    expect((await reader.secret('shop/none')).value).toBe('here now');
  });

  it('refuses bytes, and fields that are not there, and tells no value', async () => {
    await expect(reader.secret('shop/bytes')).rejects.toMatchObject({ code: 'SecretIsBinary' });
    await expect(reader.secret('shop/db', 'pasword')).rejects.toMatchObject({
      code: 'SecretKeyNotFound',
      suggestions: ['Did you mean `key: password`?', 'Its fields are password, port and nested.'],
    });
    expect((await reader.secret('shop/db', 'nested')).value).toBe('{}');
    await expect(reader.secret('shop/db', 'toString')).rejects.toMatchObject({ code: 'SecretKeyNotFound' });
    const error = await reader.secret('shop/jwt', 'x').catch((e) => e);
    expect(error.code).toBe('SecretNotJson');
    expect(JSON.stringify([error.message, error.why, error.suggestions, String(error.cause)])).not.toContain(
      'a-very',
    );
  });

  it('names the action when it is denied', async () => {
    fake.faults.deny('secretsmanager:GetSecretValue', { resource: 'shop/jwt' });
    await expect(reader.secret('shop/jwt')).rejects.toMatchObject({
      code: 'AccessDenied',
      exit: 4,
      message: 'arn:aws:iam::123456789012:user/dev may not do secretsmanager:GetSecretValue on shop/jwt.',
    });
  });
});
