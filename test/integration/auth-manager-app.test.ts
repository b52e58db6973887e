import { createHmac } from 'node:crypto';
import { type IncomingMessage, request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runApp, SECRET, serveApp, startRuntimeApi } from '../helpers/auth-app.ts';
import { freePort } from '../helpers/ports.ts';
import { createPostgres, type PostgresServer, postgresFolder } from '../helpers/postgres.ts';
import { processorTime } from '../helpers/process-state.ts';
import { until } from '../helpers/until.ts';

/** The application of the blueprint as real processes: plain server, Runtime API, PostgreSQL. */

const PASSWORD = 'SecurePass123!';
const user = (name: string) => ({ email: `${name}@example.com`, username: name, password: PASSWORD });

interface Answer {
  readonly error?: { code: string; message: string; fields?: Record<string, string> };
  readonly user?: { id: string; email: string; username: string };
  readonly token?: string;
  readonly [key: string]: unknown;
}
const json = async (response: Response) => (await response.json()) as Answer;

type Served = Awaited<ReturnType<typeof serveApp>>;

describe('as a plain server with users in memory', () => {
  let app: Served;
  beforeAll(async () => {
    app = await serveApp({ CORS_ALLOWED_ORIGINS: 'https://a.example, https://b.example' });
  });
  afterAll(() => app.stop());

  it('answers /health with its version and where users are kept', async () => {
    const response = await fetch(`${app.url}/health?x=1`);
    expect(response.status).toBe(200);
    expect(await json(response)).toEqual({ status: 'ok', version: '1.0.0', storage: 'memory' });
    expect(app.output()).toContain('users are kept in memory');
  });

  it('registers, and logs in with a token that holds', async () => {
    const registered = await app.post('/auth/register', { ...user('ann'), email: ' Ann@Example.com ' });
    expect(registered.status).toBe(201);
    const { user: made } = await json(registered);
    expect(made).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      email: 'ann@example.com',
      username: 'ann',
    });

    const before = Math.floor(Date.now() / 1000);
    const login = await app.post('/auth/login', { email: 'ANN@example.com', password: PASSWORD });
    expect(login.status).toBe(200);
    const body = await json(login);
    expect(body).toMatchObject({ tokenType: 'Bearer', expiresIn: 3600, user: made });

    const [head = '', claims = '', signature = ''] = (body.token ?? '').split('.');
    expect(decoded(head)).toEqual({ alg: 'HS256', typ: 'JWT' });
    const { sub, iat, exp, ...rest } = decoded(claims) as { sub: string; iat: number; exp: number };
    expect(rest).toEqual({});
    expect(sub).toBe(made?.id);
    expect(iat).toBeGreaterThanOrEqual(before);
    expect(exp - iat).toBe(3600);
    const expected = createHmac('sha256', SECRET).update(`${head}.${claims}`).digest('base64url');
    expect(signature).toBe(expected);
  });

  it('says that an address is taken, in any case', async () => {
    expect((await app.post('/auth/register', user('bob'))).status).toBe(201);
    const again = await app.post('/auth/register', { ...user('bob'), email: 'BOB@EXAMPLE.COM' });
    expect(again.status).toBe(409);
    expect((await json(again)).error?.code).toBe('EmailTaken');
  });

  it('lets one of two who register at once through', async () => {
    const both = await Promise.all([1, 2].map(() => app.post('/auth/register', user('twin'))));
    expect(both.map(({ status }) => status).sort()).toEqual([201, 409]);
  });

  it.each([
    ['nothing', {}, ['email', 'password', 'username']],
    ['wrong types', { email: 7, username: [], password: {} }, ['email', 'password', 'username']],
    ['no address', { ...user('x'), username: 'xyz', email: 'a@b' }, ['email']],
    ['a NUL in the address', { ...user('xyz'), email: 'a\u0000@example.com' }, ['email']],
    ['a long address', { ...user('xyz'), email: `${'a'.repeat(250)}@example.com` }, ['email']],
    ['a short password', { ...user('xyz'), password: 'short' }, ['password']],
    ['a very long password', { ...user('xyz'), password: 'x'.repeat(257) }, ['password']],
    ['markup as a name', { ...user('xyz'), username: '<script>' }, ['username']],
  ])('refuses to register %s, field by field', async (_what, body, fields) => {
    const response = await app.post('/auth/register', body);
    expect(response.status).toBe(400);
    const { error } = await json(response);
    expect(error?.code).toBe('Invalid');
    expect(Object.keys(error?.fields ?? {}).sort()).toEqual(fields);
  });

  it.each([
    ['no JSON', '{"a":', 400, 'NotJson'],
    ['a list', '[]', 400, 'NotJson'],
    ['null', 'null', 400, 'NotJson'],
    ['an empty body', '', 400, 'NotJson'],
    ['65 KiB', `{"email":"${'a'.repeat(65 * 1024)}"}`, 413, 'TooLarge'],
    ['5 MiB', `{"email":"${'a'.repeat(5 * 1024 * 1024)}"}`, 413, 'TooLarge'],
  ])('refuses %s', async (_what, body, status, code) => {
    // A server that refuses early may cut the connection while the rest is still on its way.
    const response = await app.post('/auth/login', body).catch((error: Error) => error);
    if (response instanceof Error) {
      expect(body.length).toBeGreaterThan(1024 * 1024);
      return;
    }
    expect(response.status).toBe(status);
    expect((await json(response)).error?.code).toBe(code);
  });

  it('refuses what a form on another site could send', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonx']) {
      const response = await app.post('/auth/login', user('ann'), { 'content-type': type });
      expect(response.status).toBe(415);
    }
  });

  it('takes exactly the methods it has', async () => {
    const table: [string, string, number, string | null][] = [
      ['/health', 'POST', 405, 'GET, HEAD, OPTIONS'],
      ['/auth/login', 'GET', 405, 'POST, OPTIONS'],
      ['/auth/login', 'HEAD', 405, 'POST, OPTIONS'],
      ['/auth/register', 'DELETE', 405, 'POST, OPTIONS'],
      ['/health', 'OPTIONS', 204, 'GET, HEAD, OPTIONS'],
      ['/health', 'HEAD', 200, null],
      ['/nothing', 'GET', 404, null],
      ['/__proto__', 'GET', 404, null],
      ['/', 'GET', 404, null],
    ];
    for (const [at, method, status, allow] of table) {
      const response = await fetch(app.url + at, { method });
      expect([at, method, response.status, response.headers.get('allow')]).toEqual([
        at,
        method,
        status,
        allow,
      ]);
      if (method === 'HEAD') expect(await response.text()).toBe('');
    }
  });

  it('tells a browser of an allowed origin what it may do, and no other', async () => {
    const ask = (origin: string) =>
      fetch(`${app.url}/auth/login`, {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'POST' },
      });
    const [yes, no] = await Promise.all([ask('https://b.example'), ask('https://evil.example')]);
    expect(yes.headers.get('access-control-allow-origin')).toBe('https://b.example');
    expect(yes.headers.get('access-control-allow-methods')).toBe('POST, OPTIONS');
    expect(yes.headers.get('vary')).toBe('Origin');
    expect(no.headers.get('access-control-allow-origin')).toBeNull();
    expect(no.headers.get('access-control-allow-methods')).toBeNull();
    expect(no.headers.get('vary')).toBe('Origin');
  });

  it('names each request, as the caller did where that is safe in a log', async () => {
    const named = await fetch(`${app.url}/health`, { headers: { 'x-correlation-id': 'my-trace.1' } });
    expect(named.headers.get('x-correlation-id')).toBe('my-trace.1');
    const forged = await fetch(`${app.url}/health`, { headers: { 'x-correlation-id': 'a","level":"error' } });
    expect(forged.headers.get('x-correlation-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('closes an account for a while after ten failed logins, and that one alone', async () => {
    await app.post('/auth/register', user('locked'));
    const wrong = { email: 'locked@example.com', password: 'not the password' };
    const tries = await Promise.all(Array.from({ length: 10 }, () => app.post('/auth/login', wrong)));
    expect(new Set(tries.map(({ status }) => status))).toEqual(new Set([401]));
    const right = await app.post('/auth/login', { ...wrong, password: PASSWORD });
    expect(right.status).toBe(429);
    expect(Number(right.headers.get('retry-after'))).toBeGreaterThan(200);
    expect((await app.post('/auth/login', { email: 'ann@example.com', password: PASSWORD })).status).toBe(
      200,
    );
  });

  it('works as hard for an unknown account as for a wrong password', async () => {
    await app.post('/auth/register', user('timed'));
    const times: Record<string, number[]> = { 'timed@example.com': [], 'nobody@example.com': [] };
    for (let i = 0; i < 6; i++) {
      for (const [email, taken] of Object.entries(times)) {
        const before = processorTime(app.child.pid as number);
        const response = await app.post('/auth/login', { email, password: 'not the password' });
        taken.push(processorTime(app.child.pid as number) - before);
        expect(response.status).toBe(401);
        expect((await json(response)).error?.message).toBe('The e-mail address or the password is wrong.');
      }
    }
    const [known = 0, unknown = 0] = Object.values(times).map((taken) =>
      taken.reduce((sum, one) => sum + one),
    );
    expect(known).toBeGreaterThan(6 * 30);
    // Without a hash to compare with, the answer for nobody would take a fiftieth. Processor time, because the
    // time of day is as long as other tests make it.
    expect(unknown / known).toBeGreaterThan(0.4);
    expect(unknown / known).toBeLessThan(2.5);
  });

  it('logs one JSON object a line, without a password, a token or a hash', () => {
    const lines = app.output().trim().split('\n');
    expect(lines.length).toBeGreaterThan(30);
    for (const line of lines) expect(JSON.parse(line)).toHaveProperty('level');
    const paths = lines.map((line) => (JSON.parse(line) as { path?: string }).path);
    expect(paths).toContain('/auth/login');
    expect(app.output()).not.toMatch(/SecurePass|not the password|eyJ|scrypt|characters or more/);
  });
});

function decoded(part: string): unknown {
  return JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
}

describe('starting and stopping', () => {
  it.each([
    ['without a secret', {}, /JWT_SECRET must have 32 characters or more; it has 0/],
    ['with a short one', { JWT_SECRET: 'hunter2-hunter2' }, /it has 15/],
    [
      'with a wrong URL',
      { JWT_SECRET: SECRET, DATABASE_URL: 'mysql://u:hunter2@h/d' },
      /DATABASE_URL must look/,
    ],
  ])('%s ends at once with a sentence that shows no value', async (_what, env, words) => {
    const app = runApp({ PORT: '0', ...env });
    expect(await app.ended).toBe(1);
    expect(app.output()).toMatch(words);
    expect(app.output()).not.toContain('hunter2');
  });

  it('on a taken port ends with exit 1', async () => {
    const first = await serveApp();
    const second = runApp({ JWT_SECRET: SECRET, PORT: new URL(first.url).port });
    expect(await second.ended).toBe(1);
    expect(second.output()).toContain('EADDRINUSE');
    await first.stop();
  });

  it('finishes the answer it is giving when it is told to stop', async () => {
    const app = await serveApp();
    const asking = request(`${app.url}/auth/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', expect: '100-continue' },
    });
    const response = new Promise<IncomingMessage>((resolve) => asking.once('response', resolve));
    asking.flushHeaders();
    // It has the request, and waits for its body.
    await new Promise((resolve) => asking.once('continue', resolve));
    const stopped = app.stop();
    asking.end(JSON.stringify(user('last')));
    const { statusCode, headers } = await response;
    expect(statusCode).toBe(201);
    expect(headers.connection).toBe('close');
    expect(await stopped).toBe(0);
  });

  it('survives a caller that hangs up in the middle', async () => {
    const app = await serveApp();
    await new Promise<void>((resolve) => {
      const cut = request(`${app.url}/auth/login`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'content-length': '1000' },
      });
      cut.on('error', () => resolve());
      cut.write('{"email":');
      setTimeout(() => cut.destroy(), 50);
    });
    expect((await fetch(`${app.url}/health`)).status).toBe(200);
    await app.stop();
  });
});

const v2 = (method: string, at: string, body?: unknown, more: Record<string, unknown> = {}) => ({
  version: '2.0',
  routeKey: '$default',
  rawPath: at,
  headers: { 'content-type': 'application/json' },
  requestContext: { stage: '$default', requestId: 'gateway-id', http: { method } },
  ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  ...more,
});

describe('under the Lambda Runtime API', () => {
  let api: Awaited<ReturnType<typeof startRuntimeApi>>;
  let app: ReturnType<typeof runApp>;
  beforeAll(async () => {
    api = await startRuntimeApi();
    app = runApp({
      JWT_SECRET: SECRET,
      AWS_LAMBDA_RUNTIME_API: api.address,
      AWS_LAMBDA_FUNCTION_VERSION: '7',
    });
  });
  afterAll(async () => {
    await app.stop();
    await api.close();
  });

  const invoke = async (event: unknown) => {
    const { path, body } = await api.invoke(event);
    expect(path).toMatch(/\/response$/);
    const result = JSON.parse(body) as { statusCode: number; headers: Record<string, string>; body: string };
    return { ...result, json: (result.body === '' ? undefined : JSON.parse(result.body)) as Answer };
  };

  it('answers events of an HTTP API', async () => {
    const health = await invoke(v2('GET', '/health'));
    expect(health).toMatchObject({
      statusCode: 200,
      json: { status: 'ok', release: '7', storage: 'memory' },
    });
    expect(health.headers['x-correlation-id']).toBe('gateway-id');
    expect((await invoke(v2('POST', '/auth/register', user('lam')))).statusCode).toBe(201);
    const login = await invoke(v2('POST', '/auth/login', user('lam')));
    expect(login.json.token).toMatch(/^eyJ/);
  });

  it('answers binary bodies, named stages, and events of a REST API', async () => {
    const text = JSON.stringify(user('lam'));
    const encoded = { body: Buffer.from(text).toString('base64'), isBase64Encoded: true };
    expect((await invoke(v2('POST', '/auth/login', undefined, encoded))).statusCode).toBe(200);
    const staged = { requestContext: { stage: 'prod', http: { method: 'GET' } } };
    expect((await invoke(v2('GET', '/prod/health', undefined, staged))).statusCode).toBe(200);
    const v1 = {
      httpMethod: 'POST',
      path: '/auth/login',
      headers: { 'Content-Type': 'application/json' },
      body: text,
      requestContext: { stage: 'prod' },
    };
    expect((await invoke(v1)).statusCode).toBe(200);
    expect((await invoke({ ...v1, httpMethod: 'GET', headers: null, body: null })).statusCode).toBe(405);
  });

  it.each([[{}], [null], ['text'], [{ Records: [] }]])('answers 400 to the event %j', async (event) => {
    const answer = await invoke(event);
    expect(answer.statusCode).toBe(400);
    expect(answer.json.error?.code).toBe('NotAnHttpEvent');
  });

  it('answers one event after the other, and waits patiently for the next', async () => {
    const ids = await Promise.all(
      [1, 2, 3].map((n) =>
        invoke(v2('GET', '/health', undefined, { headers: { 'x-correlation-id': `n${n}` } })),
      ),
    );
    expect(ids.map(({ headers }) => headers['x-correlation-id'])).toEqual(['n1', 'n2', 'n3']);
    await until(() => api.idle);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(api.idle).toBe(true);
    expect(app.child.exitCode).toBeNull();
  });

  it('reports a start that failed as the init error, and ends', async () => {
    const other = await startRuntimeApi();
    const broken = runApp({ AWS_LAMBDA_RUNTIME_API: other.address, JWT_SECRET: 'hunter2' });
    expect(await broken.ended).toBe(1);
    expect(other.answers).toHaveLength(1);
    const [answer] = other.answers;
    expect(answer?.path).toBe('/init/error');
    expect(answer?.headers['lambda-runtime-function-error-type']).toBe('Unhandled.ConfigError');
    expect(JSON.parse(answer?.body ?? '')).toMatchObject({
      errorType: 'ConfigError',
      errorMessage: expect.stringContaining('32 characters'),
    });
    expect(answer?.body).not.toContain('hunter2');
    await other.close();
  });

  it('ends when the Runtime API is gone', async () => {
    const other = await startRuntimeApi();
    const orphan = runApp({ AWS_LAMBDA_RUNTIME_API: other.address, JWT_SECRET: SECRET });
    await until(() => other.idle);
    await other.close();
    expect(await orphan.ended).toBe(1);
  });
});

const postgresBin = postgresFolder();
// Where everything must be there, a machine without PostgreSQL is a failure.
const withPostgres = postgresBin !== undefined || process.env.CI ? describe : describe.skip;

withPostgres('with PostgreSQL (skipped where it is not installed)', () => {
  let database: PostgresServer;
  let app: Served;
  beforeAll(async () => {
    if (!postgresBin) throw new Error('PostgreSQL is not installed: apt-get install postgresql');
    database = await createPostgres(postgresBin);
    app = await serveApp({ DATABASE_URL: database.url });
  });
  afterAll(async () => {
    await app?.stop();
    await database?.remove();
  });

  it('makes its table on first use, though two start at once', async () => {
    expect(await json(await fetch(`${app.url}/health`))).toMatchObject({ status: 'ok', storage: 'postgres' });
    const other = await serveApp({ DATABASE_URL: database.url });
    const both = await Promise.all([
      app.post('/auth/register', user('one')),
      other.post('/auth/register', user('two')),
    ]);
    expect(both.map(({ status }) => status)).toEqual([201, 201]);
    expect((await other.post('/auth/login', user('one'))).status).toBe(200);
    expect(await other.stop()).toBe(0);
  });

  it('does not mind that another process makes the table first, under its hands', async () => {
    database.sql('CREATE DATABASE raced');
    const columns = 'id uuid, email text UNIQUE, username text, password_hash text';
    const other = await serveApp({ DATABASE_URL: database.url.replace(/postgres$/, 'raced') });
    const winner = database.session(
      `BEGIN; CREATE TABLE auth_users (${columns}); SELECT pg_sleep(1); COMMIT`,
      'raced',
    );
    await until(() => database.sql(activity("query LIKE 'BEGIN; CREATE%'")) === '1');
    expect((await other.post('/auth/register', user('late'))).status).toBe(201);
    expect(await winner).toBe(0);
    await other.stop();
  });

  it('stores a salted hash with its parameters, and no password', async () => {
    await app.post('/auth/register', user('salt1'));
    await app.post('/auth/register', user('salt2'));
    const hashes = database
      .sql("SELECT password_hash FROM auth_users WHERE username LIKE 'salt%'")
      .split('\n');
    expect(hashes).toHaveLength(2);
    expect(new Set(hashes).size).toBe(2);
    for (const hash of hashes) expect(hash).toMatch(/^scrypt\$32768\$8\$3\$[\w-]{22}\$[\w-]{43}$/);
  });

  it('holds an address once, however many ask at the same time', async () => {
    const all = await Promise.all(Array.from({ length: 6 }, () => app.post('/auth/register', user('race'))));
    expect(all.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409, 409]);
    expect(database.sql("SELECT count(*) FROM auth_users WHERE email = 'race@example.com'")).toBe('1');
  });

  it('takes SQL for the text that it is', async () => {
    const email = "o'hara';drop/**/table/**/auth_users;--@example.com";
    expect((await app.post('/auth/register', { ...user('hara'), email })).status).toBe(201);
    expect((await app.post('/auth/login', { email, password: PASSWORD })).status).toBe(200);
    expect((await app.post('/auth/login', { email: "'or'1'='1@x.y", password: PASSWORD })).status).toBe(401);
  });

  it('comes back by itself after the database was away, and says 503 meanwhile', async () => {
    await database.stop();
    const health = await fetch(`${app.url}/health`);
    expect(health.status).toBe(503);
    expect(await json(health)).toMatchObject({ status: 'unavailable', database: 'does not answer' });
    const login = await app.post('/auth/login', user('one'));
    expect(login.status).toBe(503);
    expect(login.headers.get('retry-after')).toBe('5');
    await database.start();
    expect((await fetch(`${app.url}/health`)).status).toBe(200);
    expect((await app.post('/auth/login', user('one'))).status).toBe(200);
  });

  it('does not notice that a connection was cut while it was idle', async () => {
    database.sql(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'postgres.js'",
    );
    expect((await app.post('/auth/login', user('two'))).status).toBe(200);
  });

  it.each([
    ['a login', '/auth/login', 'one', 200],
    ['a registration', '/auth/register', 'cut', 201],
  ])('sends the query again when the connection is cut under %s', async (_what, at, name, status) => {
    const lock = database.session('BEGIN; LOCK TABLE auth_users; SELECT pg_sleep(600); COMMIT');
    const locked = activity("query LIKE 'BEGIN; LOCK%' AND wait_event = 'PgSleep'");
    await until(() => database.sql(locked) === '1');
    const answer = app.post(at, user(name));
    const cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
    await until(() => database.sql(cut) === 't');
    database.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'");
    expect((await answer).status).toBe(status);
    expect(await lock).not.toBe(0);
  });

  it.each([
    ['a wrong password', (url: string) => url.replace('correct-horse', 'battery-staple')],
    ['a database that is not there', (url: string) => url.replace(/postgres$/, 'nowhere')],
    ['encryption that the server does not have', (url: string) => `${url}?sslmode=require`],
  ])('says 503 for %s, and never shows the URL', async (_what, change) => {
    const other = await serveApp({ DATABASE_URL: change(database.url) });
    const answers = [await fetch(`${other.url}/health`), await other.post('/auth/login', user('one'))];
    expect(answers.map(({ status }) => status)).toEqual([503, 503]);
    const said = (await Promise.all(answers.map((answer) => answer.text()))).join('\n') + other.output();
    expect(said).not.toMatch(/correct-horse|battery-staple|postgres:\/\/|tester|5432/);
    await other.stop();
  });

  it('says 503 when nothing listens', async () => {
    const port = await freePort();
    const other = await serveApp({ DATABASE_URL: `postgres://u:hunter2@127.0.0.1:${port}/d` });
    expect((await fetch(`${other.url}/health`)).status).toBe(503);
    expect(other.output()).toContain('ECONNREFUSED');
    expect(other.output()).not.toContain('hunter2');
    await other.stop();
  });
});

/** Counts the sessions of the server that a condition holds for, the asking one left out. */
function activity(condition: string): string {
  return `SELECT count(*) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND ${condition}`;
}
