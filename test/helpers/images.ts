import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  constants,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { systemClock } from '../../src/lib/base/clock.ts';
import type { ReportEvent } from '../../src/lib/base/report.ts';
import type { EcrPort, ImageDeps } from '../../src/lib/images/index.ts';
import { root } from './cli.ts';
import { freePort } from './ports.ts';
import { running, until } from './until.ts';

/** Every docker on the PATH that reaches an engine: clients differ in the builders they have. */
export const dockers: readonly string[] = [
  ...new Set(
    (process.env.PATH ?? '')
      .split(delimiter)
      .map((folder) => join(folder, 'docker'))
      .filter(isExecutable)
      .map((file) => realpathSync(file)),
  ),
].filter(
  // A stand-in of podman under docker's name has other words for everything.
  (file) =>
    spawnSync(file, ['version']).status === 0 &&
    spawnSync(file, ['--version'], { encoding: 'utf8' }).stdout.startsWith('Docker'),
);

export const [docker = 'docker'] = dockers;

/**
 * Why tests that need a container engine are left out here. In CI they are not left out: they fail.
 */
export const noEngine: string | undefined =
  dockers.length > 0 || process.env.CI ? undefined : 'no container engine answers';

/** A base image with Node in it, made from this machine. */
export function baseImage(): string {
  const script = join(root, 'scripts/base-image.mjs');
  const env = { ...process.env, INFRACTL_DOCKER: docker };
  return execFileSync(process.execPath, [script], { encoding: 'utf8', env }).trim();
}

/** Removes every image of the repository from the local engine. */
export function forget(repositoryUri: string): void {
  const said = spawnSync(docker, ['images', '--format', '{{.Repository}}:{{.Tag}}', repositoryUri], {
    encoding: 'utf8',
  });
  const names = said.stdout.split('\n').filter((name) => name !== '' && !name.endsWith(':<none>'));
  if (names.length > 0) spawnSync(docker, ['rmi', '--force', ...names]);
}

/** A folder with home, temporary folder, cache and a build context, and an environment that knows them. */
export class Workplace {
  readonly folder = mkdtempSync(join(tmpdir(), 'infractl-images-'));
  readonly context = join(this.folder, 'app');
  readonly tmp = join(this.folder, 'tmp');
  readonly home = join(this.folder, 'home');
  readonly events: ReportEvent[] = [];
  readonly env: NodeJS.ProcessEnv = {
    PATH: process.env.PATH,
    HOME: this.home,
    TMPDIR: this.tmp,
    XDG_CACHE_HOME: join(this.folder, 'cache'),
    ...(process.env.DOCKER_HOST ? { DOCKER_HOST: process.env.DOCKER_HOST } : {}),
  };

  constructor() {
    for (const folder of [this.context, this.tmp, this.home]) mkdirSync(folder);
  }

  put(path: string, text: string, mode = 0o644): string {
    const file = join(this.context, path);
    writeFileSync(file, text, { mode });
    return file;
  }

  /** An executable script beside the context. */
  script(name: string, text: string): string {
    const file = join(this.folder, name);
    writeFileSync(file, `#!/bin/sh\n${text}\n`);
    chmodSync(file, 0o755);
    return file;
  }

  deps(ecr: EcrPort, more: Partial<ImageDeps> = {}): ImageDeps {
    const reporter = { emit: (event: ReportEvent) => this.events.push(event) };
    return { ecr, docker, reporter, clock: systemClock, env: this.env, ...more };
  }

  /** Everything that was reported, as text. */
  get said(): string {
    return this.events.map((event) => JSON.stringify(event)).join('\n');
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export interface LoginRegistry {
  readonly host: string;
  readonly username: string;
  readonly password: string;
  /** What images need of ECR, told by this registry: tags and digests by its own protocol. */
  readonly ecr: EcrPort;
  stop(): Promise<void>;
}

/** Debian's docker-registry with a password file: it demands a login, as ECR does. */
export async function startLoginRegistry(options: { readOnly?: boolean } = {}): Promise<LoginRegistry> {
  const folder = mkdtempSync(join(tmpdir(), 'infractl-registry-'));
  const [username, password] = ['AWS', randomBytes(30).toString('hex')];
  const port = await freePort();
  const host = `127.0.0.1:${port}`;
  const passwords = execFileSync('htpasswd', ['-niB', username], { input: password, encoding: 'utf8' });
  writeFileSync(join(folder, 'passwords'), passwords);
  const readOnly = options.readOnly ? '\n  maintenance:\n    readonly:\n      enabled: true' : '';
  writeFileSync(
    join(folder, 'config.yml'),
    `version: 0.1
storage:
  filesystem:
    rootdirectory: ${folder}/data${readOnly}
http:
  addr: ${host}
auth:
  htpasswd:
    realm: test
    path: ${folder}/passwords
`,
  );
  const stdio = ['ignore', 'pipe', 'pipe'] as const;
  const child = spawn('docker-registry', ['serve', join(folder, 'config.yml')], { stdio: [...stdio] });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const answers = () =>
    fetch(`http://${host}/v2/`).then(
      (answer) => answer.status === 401,
      () => false,
    );
  await until(answers, running(child));
  return {
    host,
    username,
    password,
    ecr: registryPort(host, authorization, { username, password }),
    stop: async () => {
      child.kill();
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function registryPort(
  host: string,
  authorization: string,
  login: { username: string; password: string },
): EcrPort {
  const accept =
    'application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json';
  const never = () => {
    throw new Error('A registry has no such call.');
  };
  return {
    async describeImage({ name }, id) {
      const reference = 'tag' in id ? id.tag : id.digest;
      const answer = await fetch(`http://${host}/v2/${name}/manifests/${reference}`, {
        method: 'HEAD',
        headers: { authorization, accept },
      });
      const digest = answer.headers.get('docker-content-digest');
      return answer.ok && digest ? { digest, tags: 'tag' in id ? [id.tag] : [] } : undefined;
    },
    login: async () => login,
    taggedImages: never,
    tagImage: never,
    digests: never,
    deleteImages: never,
  };
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
