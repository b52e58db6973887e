// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are CloudFormation's placeholders
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HIDDEN, hideSecrets, secretsOf, stepsOf } from '../../../src/lib/stacks/drift/secret-values.ts';

const noEcho = new Set(['Password']);

describe('what is secret of a resource', () => {
  it.each([
    ['a reference', { Ref: 'Password' }],
    ['a part of a text', { 'Fn::Sub': 'user:${Password}@host' }],
    ['a part of a text with variables', { 'Fn::Sub': ['${p}', { p: { Ref: 'Password' } }] }],
    ['a part of a list', { 'Fn::Join': ['', ['x', { Ref: 'Password' }]] }],
    ['a choice', { 'Fn::If': ['Prod', { Ref: 'Password' }, 'none'] }],
    ['a secret store', '{{resolve:secretsmanager:shop/db:SecretString:password}}'],
    ['a secret of the parameter store', '{{resolve:ssm-secure:/shop/key:1}}'],
  ])('%s of a parameter with NoEcho is', (_, node) => {
    const isSecret = secretsOf({ Settings: { Plain: node as never } }, noEcho);
    expect(isSecret(['Settings', 'Plain'])).toBe(true);
    // Below a call nothing is known, so that everything is hidden.
    expect(hideSecrets('{"Settings":{"Plain":"abc","Other":"x"}}', [], isSecret)).toBe(
      `{"Settings":{"Plain":"${HIDDEN}","Other":"x"}}`,
    );
  });

  it('all that is inside of a call which takes a secret', () => {
    const node = { 'Fn::If': ['Prod', { Variables: { A: { Ref: 'Password' } } }, { Ref: 'AWS::NoValue' }] };
    const isSecret = secretsOf({ Environment: node as never }, noEcho);
    expect(isSecret(['Environment', 'Variables', 'A'])).toBe(true);
    expect(isSecret(['Environment'])).toBe(true);
  });

  it('an ordinary value is not', () => {
    const isSecret = secretsOf({ MemorySize: 512, Role: { 'Fn::GetAtt': ['Role', 'Arn'] } }, noEcho);
    expect(isSecret(['MemorySize'])).toBe(false);
    expect(isSecret(['Role'])).toBe(false);
    expect(isSecret([])).toBe(false);
  });

  it.each([
    'MasterUserPassword',
    'SecretString',
    'AuthToken',
    'API_KEY',
    'DATABASE_URL',
    'MONGODB_URI',
    'PrivateKey',
    'JWT_SECRET',
  ])('%s is, by its name, also where the template does not know it', (name) => {
    const isSecret = secretsOf(undefined, new Set());
    expect(isSecret(['Environment', 'Variables', name])).toBe(true);
    expect(hideSecrets('abc', [name], isSecret)).toBe(HIDDEN);
    // One of several, too.
    expect(hideSecrets('abc', [name, '0'], isSecret)).toBe(HIDDEN);
  });

  it.each([
    'SecretArn',
    'MinimumPasswordLength',
    'PasswordPolicy',
    'TokenValidityUnits',
    'AccessTokenValidity',
  ])('%s is not: it is about a secret', (name) => {
    expect(secretsOf(undefined, new Set())([name])).toBe(false);
  });

  it('a value that gives itself away is hidden wherever it stands', () => {
    const isSecret = secretsOf(undefined, new Set());
    for (const value of [
      'postgres://me:hunter2@db/x',
      `-----BEGIN ${'PRIVATE'} KEY-----`,
      `AKIA${'ABCDEFGHIJKLMNOP'}`,
    ]) {
      expect(hideSecrets(value, ['Plain'], isSecret)).toBe(HIDDEN);
      expect(hideSecrets(JSON.stringify([{ a: value }]), ['Plain'], isSecret)).not.toContain(value);
    }
  });

  it('pairs of name and value are read as such', () => {
    const isSecret = secretsOf(undefined, new Set());
    const text = '[{"Name":"DB_PASSWORD","Value":"abc"},{"Key":"Stage","Value":"dev"}]';
    expect(hideSecrets(text, ['Environment'], isSecret)).toBe(
      `[{"Name":"DB_PASSWORD","Value":"${HIDDEN}"},{"Key":"Stage","Value":"dev"}]`,
    );
  });

  it('no value at a secret place is shown, however deep it is nested in what AWS writes', () => {
    const step = fc.constantFrom('A', 'B', '0', 'C');
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 5 }), fc.nat(5), (steps, cut) => {
        const tree = steps.reduceRight<never>((inner, key) => ({ [key]: inner }) as never, {
          Ref: 'Password',
        } as never);
        const isSecret = secretsOf(tree, noEcho);
        const at = steps.slice(0, Math.min(cut, steps.length));
        const rest = steps.slice(at.length);
        const written = rest.reduceRight<unknown>((inner, key) => ({ [key]: inner }), 'hunter2hunter2');
        const text = typeof written === 'string' ? written : JSON.stringify(written);
        expect(hideSecrets(text, at, isSecret)).not.toContain('hunter2');
      }),
    );
  });

  it("reads AWS's paths", () => {
    expect(stepsOf('/Tags/0/Value')).toEqual(['Tags', '0', 'Value']);
    expect(stepsOf('/A~1b/c~0d')).toEqual(['A/b', 'c~d']);
  });
});
