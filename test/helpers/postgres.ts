import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort } from './ports.ts';
import { running, until } from './until.ts';

/** A PostgreSQL server of the tests: its own folder and port, loopback only, gone afterwards. */
export interface PostgresServer {
  /** `postgres://tester:…@127.0.0.1:<port>/postgres` */
  readonly url: string;
  readonly port: number;
  readonly password: string;
  start(): Promise<void>;
  /** At once, as a crash would: connections are cut. Resolves when nobody listens any more. */
  stop(): Promise<void>;
  /** Runs SQL with psql and gives its plain output. */
  sql(text: string): string;
  /** The same in a session of its own, while the test goes on; its exit code. */
  session(text: string, database?: string): Promise<number | null>;
  remove(): Promise<void>;
}

/** The folder that has initdb, pg_ctl and psql, or undefined where PostgreSQL is not installed. */
export function postgresFolder(): string | undefined {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [
    ...(process.env.PATH ?? '').split(path.delimiter),
    ...versions.map((version) => path.join(debian, version, 'bin')),
    '/opt/homebrew/opt/postgresql@17/bin',
  ];
  return folders.find((folder) =>
    ['initdb', 'postgres', 'psql'].every((name) => existsSync(path.join(folder, name))),
  );
}

/** PostgreSQL refuses to run as root; `nobody` is on every system. */
const user = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

export async function createPostgres(bin: string): Promise<PostgresServer> {
  const folder = mkdtempSync(path.join(tmpdir(), 'infractl-postgres-'));
  const data = path.join(folder, 'data');
  mkdirSync(data, { mode: 0o700 });
  if (user.uid !== undefined) for (const at of [folder, data]) chownSync(at, user.uid, user.gid);
  const env = { PATH: process.env.PATH ?? '', LC_ALL: 'C', HOME: folder };
  const password = 'correct-horse';
  const options = { ...user, env, cwd: folder, stdio: 'pipe' as const };
  execFileSync('sh', ['-c', `echo ${password} > password`], options);
  execFileSync(
    path.join(bin, 'initdb'),
    ['-D', data, '-U', 'tester', '-A', 'scram-sha-256', '--pwfile', 'password', '-E', 'UTF8', '--no-sync'],
    options,
  );
  const port = await freePort();
  const url = `postgres://tester:${password}@127.0.0.1:${port}/postgres`;
  let server: { readonly child: ChildProcess; readonly ended: Promise<unknown> } | undefined;

  const sql = (text: string) =>
    execFileSync(path.join(bin, 'psql'), [url, '-X', '-A', '-t', '-c', text], {
      env,
      encoding: 'utf8',
    }).trim();

  const session = (text: string, database = 'postgres') =>
    new Promise<number | null>((resolve) => {
      const at = url.replace(/postgres$/, database);
      const child = spawn(path.join(bin, 'psql'), [at, '-X', '-q', '-c', text], { env, stdio: 'ignore' });
      child.once('close', resolve);
    });

  const stop = async () => {
    server?.child.kill('SIGQUIT');
    await server?.ended;
    server = undefined;
  };

  const start = async () => {
    const settings = ['listen_addresses=127.0.0.1', `unix_socket_directories=${folder}`, 'fsync=off'];
    const child = spawn(
      path.join(bin, 'postgres'),
      ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])],
      { ...user, env, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] },
    );
    const started = running(child);
    server = { child, ended: started.ended };
    const answers = () =>
      spawnSync(path.join(bin, 'psql'), [url, '-X', '-c', 'SELECT 1'], { env }).status === 0;
    await until(answers, started);
  };

  const remove = async () => {
    await stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  };

  await start();
  return { url, port, password, start, stop, sql, session, remove };
}
