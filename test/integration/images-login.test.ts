import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { checkEngine, type ImageSpec, imageSpec, publishImage } from '../../src/lib/images/index.ts';
import {
  docker,
  dockers,
  forget,
  type LoginRegistry,
  noEngine,
  startLoginRegistry,
  Workplace,
} from '../helpers/images.ts';
import { processState } from '../helpers/process-state.ts';

let work: Workplace;
beforeEach(() => {
  work = new Workplace();
  work.put('Dockerfile', 'FROM scratch\nCOPY . /app\nCMD ["/app/run"]\n');
  work.put('run', String(Math.random()), 0o755);
});
afterEach(() => work.remove());

function specFor(uri: string): ImageSpec {
  const dockerfile = join(work.context, 'Dockerfile');
  const { context } = work;
  return imageSpec(
    { name: 'api', context, dockerfile, repository: uri, platform: 'linux/amd64', args: {}, secrets: {} },
    uri,
    () => undefined,
  );
}

/** Every file below the folder. */
const filesOf = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile())
    .map((file) => join(file.parentPath, file.name));

describe.skipIf(noEngine)(`a registry that demands a login${noEngine ? ` (${noEngine})` : ''}`, () => {
  let registry: LoginRegistry;
  const uris: string[] = [];
  beforeAll(async () => {
    registry = await startLoginRegistry();
  });
  afterAll(async () => {
    for (const uri of uris) forget(uri);
    await registry.stop();
  });
  function spec(): ImageSpec {
    const uri = `${registry.host}/it-${Math.random().toString(36).slice(2, 10)}`;
    uris.push(uri);
    return specFor(uri);
  }

  test.each(dockers)('%s: the token goes through standard input and is left nowhere', async (command) => {
    const log = join(work.folder, 'log');
    const recording = work.script(
      'recording',
      `{ printf 'argv %s\\n' "$*"; env; [ -n "$DOCKER_CONFIG" ] && stat -c 'mode %a %n' "$DOCKER_CONFIG" "$DOCKER_CONFIG"/*; } >>${log}
exec ${command} "$@"`,
    );
    const result = await publishImage(work.deps(registry.ecr, { docker: recording }), spec());
    expect(result.outcome).toBe('built');
    const recorded = readFileSync(log, 'utf8');
    expect(recorded).toContain(`argv login --username AWS --password-stdin ${registry.host}`);
    expect(recorded).toMatch(/mode 700 .*\/infractl-docker-/);
    expect(recorded).toMatch(/mode 600 .*\/infractl-docker-.*\/config\.json/);
    const forms = [registry.password, Buffer.from(`AWS:${registry.password}`).toString('base64')];
    const places = [...filesOf(work.folder).map((file) => readFileSync(file, 'utf8')), work.said, recorded];
    for (const form of forms) expect(places.filter((text) => text.includes(form))).toEqual([]);
    expect(readdirSync(work.tmp)).toEqual([]);
    expect(existsSync(join(work.home, '.docker/config.json'))).toBe(false);
    // Only what goes to the registry uses the private configuration.
    const before = recorded.slice(0, recorded.indexOf('argv login'));
    expect(before).not.toContain('DOCKER_CONFIG=');
  });

  test("the user's own Docker settings are used, and stay as they are", async () => {
    const own = join(work.home, '.docker');
    mkdirSync(join(own, 'cli-plugins'), { recursive: true });
    writeFileSync(join(own, 'cli-plugins/docker-hello'), '');
    const settings = JSON.stringify({
      auths: { 'elsewhere.example': { auth: 'dXNlcjpwdw==' } },
      // A helper that is not there: to store the token with it would fail.
      credsStore: 'nosuchhelper',
      credHelpers: { [registry.host]: 'nosuchhelper' },
      HttpHeaders: { 'X-Own': 'yes' },
    });
    writeFileSync(join(own, 'config.json'), settings);
    const copy = join(work.folder, 'copy');
    const copying = work.script(
      'copying',
      `[ "$1" = login ] && { cat "$DOCKER_CONFIG/config.json"; ls "$DOCKER_CONFIG/cli-plugins/"; } >${copy}; exec ${docker} "$@"`,
    );
    await publishImage(work.deps(registry.ecr, { docker: copying }), spec());
    const seen = readFileSync(copy, 'utf8');
    expect(seen).toContain('X-Own');
    expect(seen).toContain('docker-hello');
    expect(seen).not.toMatch(/nosuchhelper|elsewhere|dXNlcjpwdw/);
    expect(readFileSync(join(own, 'config.json'), 'utf8')).toBe(settings);
  });

  test('a wrong password', async () => {
    const ecr = { ...registry.ecr, login: async () => ({ username: 'AWS', password: 'wrong-password' }) };
    await expect(publishImage(work.deps(ecr), spec())).rejects.toMatchObject({
      code: 'RegistryLogin',
      exit: 4,
      message: `The registry ${registry.host} does not accept the login.`,
      why: expect.stringMatching(/401|unauthorized/i),
    });
    expect(readdirSync(work.tmp)).toEqual([]);
    expect(work.said).not.toContain('wrong-password');
  });

  test('a login that has expired is renewed once', async () => {
    let logins = 0;
    const ecr = {
      ...registry.ecr,
      login: async () => {
        logins++;
        return { username: registry.username, password: registry.password };
      },
    };
    const mark = join(work.folder, 'expired');
    const expiring = work.script(
      'expiring',
      `if [ "$1" = push ] && [ ! -e ${mark} ]; then touch ${mark}; echo 'denied: Your authorization token has expired. Reauthenticate and try again.' >&2; exit 1; fi
exec ${docker} "$@"`,
    );
    expect((await publishImage(work.deps(ecr, { docker: expiring }), spec())).outcome).toBe('built');
    expect(logins).toBe(2);
  });

  test('Ctrl-C in a push ends it and removes the login', async () => {
    const pid = join(work.folder, 'pid');
    const slow = work.script(
      'slow',
      `[ "$1" = push ] && { sleep 600 & echo $! >${pid}; wait; }; exec ${docker} "$@"`,
    );
    const controller = new AbortController();
    const publishing = publishImage(
      work.deps(registry.ecr, { docker: slow, signal: controller.signal }),
      spec(),
    );
    await Promise.race([
      publishing,
      expect.poll(() => existsSync(pid) && readFileSync(pid, 'utf8')).toMatch(/\d+\n/),
    ]);
    expect(readdirSync(work.tmp)).toHaveLength(1);
    controller.abort();
    await expect(publishing).rejects.toMatchObject({ exit: 130 });
    expect(readdirSync(work.tmp)).toEqual([]);
    await expect.poll(() => processState(Number(readFileSync(pid, 'utf8')))).toMatch(/^Z?$/);
  });

  test('a login that a killed process left behind is removed by the next', async () => {
    const left = join(work.tmp, 'infractl-docker-999999999-x');
    mkdirSync(left);
    await publishImage(work.deps(registry.ecr), spec());
    expect(existsSync(left)).toBe(false);
  });

  test('a registry that takes nothing', async () => {
    const closed = await startLoginRegistry({ readOnly: true });
    try {
      const image = specFor(`${closed.host}/it`);
      uris.push(image.repository.uri);
      const error = await publishImage(work.deps(closed.ecr), image).then(
        () => undefined,
        (thrown) => thrown,
      );
      expect(error).toMatchObject({ code: 'PushFailed', exit: 1 });
      expect(error.why).not.toBe('');
    } finally {
      await closed.stop();
    }
  });
});

describe('an engine that cannot be used', () => {
  const answer = (command: string, env: NodeJS.ProcessEnv) => checkEngine({ docker: command, env });

  test('no command', async () => {
    expect(await answer('nosuchdocker', work.env)).toMatchObject({
      answers: false,
      error: {
        code: 'EngineMissing',
        suggestions: expect.arrayContaining([expect.stringContaining('INFRACTL_DOCKER')]),
      },
    });
  });

  test.skipIf(noEngine)('no engine behind it', async () => {
    for (const command of dockers) {
      const env = { ...work.env, DOCKER_HOST: `unix://${work.folder}/none.sock` };
      expect(await answer(command, env)).toMatchObject({
        answers: false,
        error: { code: 'EngineNotRunning' },
      });
    }
  });

  test.skipIf(noEngine)('no right to its socket', async () => {
    const path = join(work.folder, 'engine.sock');
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(path, resolve));
    spawnSync('chmod', ['000', path]);
    spawnSync('chmod', ['755', work.folder]);
    const asNobody = process.getuid?.() === 0 ? 'setpriv --reuid=65534 --regid=65534 --clear-groups ' : '';
    try {
      for (const command of dockers) {
        const wrapped = work.script('nobody', `exec ${asNobody}${command} "$@"`);
        expect(
          await answer(wrapped, { ...work.env, HOME: '/', DOCKER_HOST: `unix://${path}` }),
        ).toMatchObject({
          answers: false,
          error: {
            code: 'EnginePermission',
            suggestions: expect.arrayContaining([expect.stringContaining('docker')]),
          },
        });
      }
    } finally {
      server.close();
    }
  });

  test.skipIf(noEngine)('one that works', async () => {
    expect(await answer(docker, work.env)).toMatchObject({ answers: true });
  });
});
