import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CreateRepositoryCommand, ECRClient } from '@aws-sdk/client-ecr';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ecrPort } from '../../src/lib/aws/ecr.ts';
import { type AwsSession, openSession } from '../../src/lib/aws/session.ts';
import {
  checkEngine,
  type EcrPort,
  emptyRepository,
  type ImageDeps,
  type ImageSpec,
  imageSpec,
  newestImage,
  parseRepository,
  planImage,
  publishImage,
} from '../../src/lib/images/index.ts';
import { startSandbox, stopSandbox } from '../../src/lib/sandbox/index.ts';
import { root } from '../helpers/cli.ts';
import { baseImage, docker, dockers, forget, noEngine, Workplace } from '../helpers/images.ts';
import { freePort } from '../helpers/ports.ts';

/** Kept between runs: installing the emulator takes longer than all of these tests. */
const sandboxEnv = { ...process.env, XDG_DATA_HOME: join(root, '.cache/test-images') };
const NO_ENGINE = '/nonexistent/docker';

describe.skipIf(noEngine)(
  `images in the sandbox's ECR, built by a real engine${noEngine ? ` (${noEngine})` : ''}`,
  () => {
    let session: AwsSession;
    let host: string;
    let ecr: EcrPort;
    let base: string;
    let work: Workplace;
    const made: string[] = [];

    beforeAll(async () => {
      const { target } = await startSandbox({ env: sandboxEnv, port: await freePort() });
      session = await openSession({ region: 'us-east-1' }, {}, target, {});
      host = new URL(target.endpoint).host;
      ecr = ecrPort(session);
      base = baseImage();
    });
    afterAll(async () => {
      for (const uri of made) forget(uri);
      await stopSandbox({ env: sandboxEnv, delete: false });
    });
    beforeEach(() => {
      work = new Workplace();
      work.put('Dockerfile', 'FROM scratch\nARG A=0\nCOPY . /app\nCMD ["/app/run"]\n');
      work.put('run', 'x', 0o755);
    });
    afterEach(() => work.remove());

    async function repository(immutable = false): Promise<string> {
      const name = `it/${Math.random().toString(36).slice(2, 10)}`;
      await new ECRClient(session.config).send(
        new CreateRepositoryCommand({
          repositoryName: name,
          imageTagMutability: immutable ? 'IMMUTABLE' : 'MUTABLE',
        }),
      );
      made.push(`${host}/${name}`);
      return `${host}/${name}`;
    }

    function spec(
      uri: string,
      more: Partial<Parameters<typeof imageSpec>[0]> = {},
      vars: Record<string, string> = {},
    ): ImageSpec {
      return imageSpec(
        {
          name: 'api',
          context: work.context,
          dockerfile: join(work.context, 'Dockerfile'),
          repository: uri,
          platform: 'linux/amd64',
          args: {},
          secrets: {},
          ...more,
        },
        uri,
        (name) => vars[name],
      );
    }

    const builders = dockers.flatMap((command) => [[command, undefined] as const, [command, '0'] as const]);

    test.each(builders)(
      '%s, DOCKER_BUILDKIT=%s: built once, then unchanged without an engine',
      async (command, buildkit) => {
        const image = spec(await repository(), { args: { A: 1 } });
        const env = buildkit === undefined ? work.env : { ...work.env, DOCKER_BUILDKIT: buildkit };
        const deps = work.deps(ecr, { docker: command, env });
        expect(await planImage(deps, image)).toMatchObject({ present: false, tags: [] });

        const first = await publishImage(deps, image);
        expect(first).toMatchObject({
          outcome: 'built',
          tags: [`content-${first.contentHash.slice(0, 20)}`],
        });
        expect(first.uri).toBe(`${image.repository.uri}@${first.digest}`);
        expect(work.said).toContain('"type":"tool.output"');
        expect(work.said).toMatch(/"status":"step \d\/\d: COPY \. \/app"/);
        expect(work.said).toContain('"status":"pushing, 1 of 1 layers"');

        // With a command that does not exist every start of a process would fail.
        const again = await publishImage({ ...deps, docker: NO_ENGINE }, image);
        expect(again).toMatchObject({ outcome: 'unchanged', digest: first.digest, uri: first.uri });
        expect(await planImage({ ...deps, docker: NO_ENGINE }, image)).toMatchObject({
          present: true,
          digest: first.digest,
        });

        work.put('run', 'y', 0o755);
        const changed = await publishImage(deps, image);
        expect(changed.outcome).toBe('built');
        expect(changed.digest).not.toBe(first.digest);
        expect((await newestImage(deps, image.repository)).digest).toBe(changed.digest);
        expect(await emptyRepository(deps, image.repository)).toBe(2);
        expect(await emptyRepository(deps, image.repository)).toBe(0);
        await expect(newestImage(deps, image.repository)).rejects.toMatchObject({ code: 'NoImage' });
      },
    );

    test('the commit is a tag, -dirty where something is not committed; immutable tags do not fail', async () => {
      const git = (...args: string[]) =>
        execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t', ...args], {
          cwd: work.context,
          encoding: 'utf8',
        });
      git('init', '-q');
      work.put('.dockerignore', '.git\n');
      git('add', '.');
      git('commit', '-qm', 'one');
      const sha = git('rev-parse', '--short=12', 'HEAD').trim();
      const image = spec(await repository(true));
      const deps = work.deps(ecr);
      expect((await publishImage(deps, image)).tags[1]).toBe(sha);
      work.put('run', 'changed');
      expect((await publishImage(deps, image)).tags[1]).toBe(`${sha}-dirty`);
      work.put('run', 'changed again');
      const third = await publishImage(deps, image);
      expect(third.tags).toHaveLength(1);
      expect(work.events.filter(({ type }) => type === 'note')).toEqual([
        { type: 'note', message: expect.stringContaining(`did not get the tag ${sha}-dirty: it exists`) },
      ]);
    });

    test('an image that was built and not pushed is pushed without a build', async () => {
      const image = spec(await repository());
      const deps = work.deps(ecr);
      const refusing = work.script(
        'refusing',
        `[ "$1" = push ] && { echo "denied: no" >&2; exit 1; }; exec ${docker} "$@"`,
      );
      await expect(publishImage({ ...deps, docker: refusing }, image)).rejects.toMatchObject({
        code: 'PushDenied',
      });
      const building = work.script(
        'building',
        `[ "$1" = build ] && exit 1; [ "$2" = build ] && exit 1; exec ${docker} "$@"`,
      );
      expect(await publishImage({ ...deps, docker: building }, image)).toMatchObject({ outcome: 'built' });
    });

    test('build secrets and hidden arguments reach the build, and nothing that is printed', async ({
      skip,
    }) => {
      const withBuildKit = await commandWithBuildKit();
      if (!withBuildKit) skip('no docker client here has BuildKit');
      // The number keeps the step out of the cache of an earlier run.
      const show = `${Math.random()}; const s=require('fs').readFileSync('/run/secrets/key','utf8'); console.log('got', s, process.env.TOKEN, s.length); if (s.length !== 13 || process.env.TOKEN !== 'hidden-token') process.exit(1)`;
      work.put(
        'Dockerfile',
        `FROM ${base}\nARG TOKEN\nRUN --mount=type=secret,id=key ["node","-e",${JSON.stringify(show)}]\nCMD ["node"]\n`,
      );
      const log = join(work.folder, 'argv');
      const recording = work.script('recording', `printf '%s\\n' "$*" >>${log}\nexec ${withBuildKit} "$@"`);
      const image = spec(
        await repository(),
        { args: { TOKEN: { env: 'T' } }, secrets: { key: { env: 'K' } } },
        { K: 'very-secret-1', T: 'hidden-token' },
      );
      expect(await publishImage(work.deps(ecr, { docker: recording }), image)).toMatchObject({
        outcome: 'built',
      });
      expect(work.said).toContain('got [secret] [secret] 13');
      const argv = readFileSync(log, 'utf8');
      expect(`${argv}${work.said}`).not.toMatch(/very-secret-1|hidden-token/);
      expect(argv).toContain('--secret id=key,env=');

      const file = join(work.folder, 'key.pem');
      const fromFile = spec(
        await repository(),
        { args: { TOKEN: { env: 'T' } }, secrets: { key: { file } } },
        { T: 'hidden-token' },
      );
      await expect(publishImage(work.deps(ecr, { docker: recording }), fromFile)).rejects.toMatchObject({
        code: 'SecretFileUnreadable',
        exit: 2,
      });
      writeFileSync(file, 'very-secret-2');
      work.put(
        'Dockerfile',
        `${readFileSync(join(work.context, 'Dockerfile'), 'utf8')}# anew\n`.replace('0.', '1.'),
      );
      expect(await publishImage(work.deps(ecr, { docker: recording }), fromFile)).toMatchObject({
        outcome: 'built',
      });
      expect(`${readFileSync(log, 'utf8')}${work.said}`).not.toMatch(/very-secret-2|hidden-token/);
    });

    test('what Lambda would refuse is not pushed', async () => {
      const uri = await repository();
      work.put('Dockerfile', 'FROM scratch\nCOPY run /run\n');
      const deps = work.deps(ecr);
      await expect(publishImage(deps, spec(uri))).rejects.toMatchObject({
        code: 'NoHandler',
        message: expect.stringContaining('without a handler'),
      });
      expect(await emptyRepository(deps, parseRepository(uri))).toBe(0);
      expect(localTags(uri)).toBe('');
    });

    test('an image for another machine is not pushed, and built again the next time', async () => {
      const image = spec(await repository(), { platform: 'linux/arm64' });
      const deps = work.deps(ecr);
      const { tag } = await planImage(deps, image);
      execFileSync(docker, ['tag', base, `${image.repository.uri}:${tag}`]);
      await expect(publishImage(deps, image)).rejects.toMatchObject({
        code: 'WrongPlatform',
        message: expect.stringContaining('is for linux/amd64, not for linux/arm64'),
      });
      expect(localTags(image.repository.uri)).toBe('');
      expect((await planImage(deps, image)).present).toBe(false);
    });

    test('a failed build shows the last lines that matter', async () => {
      const script =
        'for (let i = 0; i < 2000; i++) console.log("noise", i); console.error("boom at the end"); process.exit(7)';
      work.put('Dockerfile', `FROM ${base}\nRUN ["node","-e",${JSON.stringify(script)}]\nCMD ["node"]\n`);
      for (const env of [work.env, { ...work.env, DOCKER_BUILDKIT: '0' }]) {
        const error = await publishImage(work.deps(ecr, { env }), spec(await repository())).then(
          () => undefined,
          (thrown) => thrown,
        );
        expect(error).toMatchObject({ code: 'BuildFailed', exit: 1 });
        const lines = error.why.split('\n');
        expect(lines.length).toBeLessThanOrEqual(20);
        expect(error.why).toContain('boom at the end');
        expect(error.why).toContain('noise 1999');
        expect(lines.at(-1)).toMatch(/7$/);
      }
    });

    test('a repository that is not there', async () => {
      const image = spec(`${host}/never-made`);
      await expect(planImage(work.deps(ecr), image)).rejects.toMatchObject({
        code: 'RepositoryNotFound',
        suggestions: expect.arrayContaining([expect.stringContaining('infractl deploy --create-stack')]),
      });
      expect(await emptyRepository(work.deps(ecr), image.repository)).toBe(0);
    });

    test('a context that changes while it is built is never pushed under the tag of another', async () => {
      const image = spec(await repository());
      const changing = work.script(
        'changing',
        `case "$1 $2" in "build "*|"buildx build") ${docker} "$@"; code=$?; date +%N >>${work.context}/run; exit $code;; esac; exec ${docker} "$@"`,
      );
      await expect(publishImage(work.deps(ecr, { docker: changing }), image)).rejects.toMatchObject({
        code: 'ContextChanged',
      });
      expect(localTags(image.repository.uri)).toBe('');
    });

    test.each([undefined, '0'])(
      'Ctrl-C in a build (DOCKER_BUILDKIT=%s) ends it and leaves nothing',
      async (buildkit) => {
        work.put(
          'Dockerfile',
          `FROM ${base}\nRUN ["node","-e","setTimeout(() => {}, 600000)"]\nCMD ["node"]\n`,
        );
        const controller = new AbortController();
        const env = buildkit === undefined ? work.env : { ...work.env, DOCKER_BUILDKIT: buildkit };
        const deps: ImageDeps = {
          ...work.deps(ecr, { env, signal: controller.signal }),
          reporter: {
            emit: (event) => {
              if (event.type === 'part.status' && event.status.includes('2/'))
                setTimeout(() => controller.abort(), 300);
            },
          },
        };
        const before = containers();
        await expect(publishImage(deps, spec(await repository()))).rejects.toMatchObject({
          code: 'Interrupted',
          exit: 130,
        });
        await expect.poll(() => containers().filter((id) => !before.includes(id))).toEqual([]);
      },
    );

    const localTags = (uri: string) => execFileSync(docker, ['images', '-q', uri], { encoding: 'utf8' });

    const containers = () =>
      execFileSync(docker, ['ps', '-aq', '--filter', `ancestor=${base}`], { encoding: 'utf8' })
        .split('\n')
        .filter(Boolean);

    async function commandWithBuildKit(): Promise<string | undefined> {
      for (const command of dockers) {
        const found = await checkEngine({ docker: command, env: work.env });
        if (found.answers && found.engine.builder !== 'plain') return command;
      }
      return undefined;
    }
  },
);
