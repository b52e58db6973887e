import { describe, expect, it } from 'vitest';
import {
  collectReferences,
  type Resolved,
  resolveValue,
  type Sources,
} from '../../../src/lib/project/index.ts';
import { failure } from './folder.ts';

const open = (value: string): Resolved => ({ value, secret: false });

/** Stores that have one thing each. */
const sources: Sources = {
  output: async (stack, key) => (stack === 'app' && key === 'Url' ? open('https://x') : undefined),
  image: async (name) => (name === 'api' ? open('r/api@sha256:1') : undefined),
  secret: async (name, key) => (name === 'jwt' && key !== 'none' ? open(`s3cret${key ?? ''}`) : undefined),
  parameter: async (path) => (path === '/a' ? { value: 'p', secret: true } : undefined),
  env: (name) => (name === 'SET' ? open('v') : undefined),
};

describe('a value', () => {
  it.each([
    ['text', 'text', false],
    [5, '5', false],
    [false, 'false', false],
    [{ output: 'app.Url' }, 'https://x', false],
    [{ image: 'api' }, 'r/api@sha256:1', false],
    [{ secret: 'jwt' }, 's3cret', true],
    [{ secret: 'jwt', key: 'k' }, 's3cretk', true],
    [{ ssm: '/a' }, 'p', true],
    [{ env: 'SET' }, 'v', true],
    [{ env: 'UNSET', default: 'd' }, 'd', true],
    [{ env: 'UNSET', default: '' }, '', true],
    [['a', { output: 'app.Url' }, 1], 'a,https://x,1', false],
    [['a', { env: 'SET' }], 'a,v', true],
    [[], '', false],
  ])('%j is %s', async (value, text, secret) => {
    expect(await resolveValue(value, sources)).toEqual({ value: text, secret });
  });

  it.each([
    [{ output: 'app.Uri' }, 'The stack app has no output Uri.', 'deploy --create-stack'],
    [{ image: 'web' }, 'The image web is not in its repository yet.', 'infractl deploy image:web'],
    [{ secret: 'gone' }, 'The secret gone is not there.', 'aws secretsmanager create-secret --name gone'],
    [
      { secret: 'jwt', key: 'none' },
      'The secret jwt is not there, or has no field none.',
      'aws secretsmanager create-secret --name jwt',
    ],
    [
      { ssm: '/b' },
      'The parameter /b is not in the Parameter Store of this account and region.',
      'put-parameter',
    ],
    [
      { env: 'DATABASE_URL' },
      'The variable DATABASE_URL is not set.',
      'Set DATABASE_URL, or add it to .env.secrets',
    ],
  ])('%j that is not there says so, and what to do', async (value, message, mend) => {
    const error = await failure(resolveValue(value, sources));
    expect(error.message).toBe(message);
    expect(error.suggestions.join('\n')).toContain(mend);
    expect(error.exit).toBe('env' in value ? 2 : 1);
  });

  it('gives its references', () => {
    expect(collectReferences(['a', { image: 'x' }, 3, { env: 'E' }])).toEqual([{ image: 'x' }, { env: 'E' }]);
    expect(collectReferences('a')).toEqual([]);
  });
});
