import { describe, expect, test } from 'vitest';
import { buildLog, isBlank, pushLog } from '../../../src/lib/images/progress.ts';

function read(text: string) {
  const log = buildLog();
  const statuses = text.split('\n').flatMap((line) => log.status(line) ?? []);
  return { statuses, tail: log.tail() };
}

const CHATTY = Array.from({ length: 40 }, (_, i) => `#8 0.2${i} line ${i}`).join('\n');

const BUILDX = `#0 building with "default" instance using docker driver

#1 [internal] load build definition from Dockerfile
#1 transferring dockerfile: 295B done
#1 DONE 0.0s

#6 [build 2/4] WORKDIR /x
#6 CACHED

#7 [stage-1 3/4] COPY . .
#7 DONE 0.0s

#8 [stage-1 4/4] RUN npm ci
#8 0.218 added 3 packages
${CHATTY}
#8 0.222 boom
#9 [other 1/1] RUN sleep 9
#9 CANCELED
#8 ERROR: process "/bin/sh -c npm ci" did not complete successfully: exit code: 3
------
 > [stage-1 4/4] RUN npm ci:
0.222 boom
------
Dockerfile:4
--------------------
   4 | >>> RUN npm ci
--------------------
ERROR: failed to solve: process "/bin/sh -c npm ci" did not complete successfully: exit code: 3`;

const PLAIN = `DEPRECATED: The legacy builder is deprecated and will be removed in a future release.
            BuildKit is currently disabled; enable it by removing the DOCKER_BUILDKIT=0
            environment-variable.

Sending build context to Docker daemon  4.096kB

Step 1/3 : FROM base
 ---> 0123456789ab
Step 2/3 : RUN npm ci
 ---> Running in 331955529a28
boom
Removing intermediate container 331955529a28
The command '/bin/sh -c npm ci' returned a non-zero code: 3`;

describe("a builder's output", () => {
  test('BuildKit: steps as statuses, the failed step and the verdict at the end', () => {
    const { statuses, tail } = read(BUILDX);
    expect(statuses).toEqual([
      'step build 2/4: WORKDIR /x',
      'step 3/4: COPY . .',
      'step 4/4: RUN npm ci',
      'step other 1/1: RUN sleep 9',
    ]);
    expect(tail).toHaveLength(20);
    expect(tail[0]).toBe('[stage-1 4/4] RUN npm ci');
    expect(tail.at(-2)).toBe('boom');
    expect(tail.at(-1)).toMatch(/^ERROR: failed to solve: .*exit code: 3$/);
    expect(tail.join('\n')).not.toContain('CANCELED');
  });

  test('BuildKit: an error before any step', () => {
    const { tail } = read(`#1 [internal] load build definition from Dockerfile
#1 DONE 0.0s
failed to solve with frontend dockerfile.v0: dockerfile parse error line 2: unknown instruction: RUNN`);
    expect(tail).toEqual([
      'failed to solve with frontend dockerfile.v0: dockerfile parse error line 2: unknown instruction: RUNN',
    ]);
  });

  test('the plain builder', () => {
    const { statuses, tail } = read(PLAIN);
    expect(statuses).toEqual(['step 1/3: FROM base', 'step 2/3: RUN npm ci']);
    expect(tail).toEqual([
      'Step 2/3 : RUN npm ci',
      'boom',
      "The command '/bin/sh -c npm ci' returned a non-zero code: 3",
    ]);
  });

  test('podman', () => {
    const { statuses, tail } = read(`STEP 1/2: FROM base
STEP 2/2: RUN npm ci
boom
Error: building at STEP "RUN npm ci": while running runtime: exit status 3`);
    expect(statuses).toEqual(['step 1/2: FROM base', 'step 2/2: RUN npm ci']);
    expect(tail.slice(1)).toEqual([
      'boom',
      'Error: building at STEP "RUN npm ci": while running runtime: exit status 3',
    ]);
  });

  test('two thousand lines leave twenty, and a line without end is cut', () => {
    const log = buildLog();
    for (let i = 0; i < 10_000; i++) log.status(`line ${i} ${'x'.repeat(1000)}`);
    const tail = log.tail();
    expect(tail).toHaveLength(20);
    expect(tail.at(-1)).toMatch(/^line 9999 /);
    expect(tail.at(-1)?.length).toBeLessThan(450);
  });

  test('lines that say nothing', () => {
    expect(isBlank('  ')).toBe(true);
    expect(isBlank(`#4 sha256:${'a'.repeat(64)}`)).toBe(true);
    expect(isBlank('#4 sha256:abc 3MB / 9MB 0.2s')).toBe(false);
  });
});

test("a push's output counts layers", () => {
  const status = pushLog();
  expect(status('The push refers to repository [x/y]')).toBeUndefined();
  expect(status('4e5a8a5f6f32: Preparing')).toBe('pushing, 0 of 1 layers');
  expect(status('aaaaaaaaaaaa: Waiting')).toBe('pushing, 0 of 2 layers');
  expect(status('4e5a8a5f6f32: Pushed')).toBe('pushing, 1 of 2 layers');
  expect(status('4e5a8a5f6f32: Pushed')).toBeUndefined();
  expect(status('aaaaaaaaaaaa: Layer already exists')).toBe('pushing, 2 of 2 layers');
});
