import { InfractlError } from '../base/errors.ts';
import type { Engine } from './engine.ts';

/** What a container command said, as the one trouble that it is; undefined when it is none of these. */
export function engineTrouble(
  said: string,
  command: string,
  env: NodeJS.ProcessEnv,
): InfractlError | undefined {
  const why = firstLine(said, TROUBLE);
  if (PERMISSION.test(said)) {
    return new InfractlError({
      code: 'EnginePermission',
      message: 'You may not use the container engine of this machine.',
      ...why,
      suggestions: [
        'Run: sudo usermod -aG docker "$USER"   then log out and in again.',
        'Or use an engine that needs no such right: INFRACTL_DOCKER=podman.',
      ],
    });
  }
  if (NOT_RUNNING.test(said)) {
    return new InfractlError({
      code: 'EngineNotRunning',
      message: 'The container engine does not answer.',
      ...why,
      suggestions: [...startHint(command), ...addressHint(env)],
    });
  }
  if (DISK_FULL.test(said)) return diskFull(firstLine(said, DISK_FULL).why, command);
  return undefined;
}

const PERMISSION =
  /permission denied while trying to connect|permission denied.*\.sock|\.sock.*permission denied/i;
const NOT_RUNNING =
  /cannot connect to the docker daemon|is the docker daemon running|failed to connect to the docker api|error during connect|unable to connect to podman|cannot access containerd socket|no buildkit host is available|context "[^"]*" (?:does not exist|not found)|unable to resolve docker endpoint/i;
const DISK_FULL = /no space left on device|ENOSPC|disk quota exceeded/i;
const TROUBLE = new RegExp(`${PERMISSION.source}|${NOT_RUNNING.source}`, 'i');

function firstLine(said: string, pattern: RegExp): { why?: string } {
  const line = said.split('\n').find((each) => pattern.test(each));
  return line === undefined ? {} : { why: line.trim() };
}

function startHint(command: string): string[] {
  if (/podman/.test(command)) return ['Run: podman machine start   (or check: podman info)'];
  if (/nerdctl/.test(command)) return ['Run: sudo systemctl start containerd buildkit'];
  if (process.platform === 'linux') return ['Run: sudo systemctl start docker'];
  return process.platform === 'darwin' ? ['Run: open -a Docker'] : ['Start Docker Desktop.'];
}

function addressHint(env: NodeJS.ProcessEnv): string[] {
  if (env.DOCKER_HOST)
    return [`DOCKER_HOST is set to ${withoutPassword(env.DOCKER_HOST)}: check that it is right.`];
  if (env.DOCKER_CONTEXT) return [`DOCKER_CONTEXT is set to ${env.DOCKER_CONTEXT}: check that it is right.`];
  return ['Check which engine is meant: docker context ls'];
}

function withoutPassword(address: string): string {
  return address.replace(/\/\/[^@/]*@/, '//');
}

export function diskFull(why: string | undefined, command: string): InfractlError {
  return new InfractlError({
    code: 'DiskFull',
    message: 'The disk is full: there is no room for the image.',
    ...(why === undefined ? {} : { why }),
    suggestions: [`See what uses it: ${command} system df`, `Make room: ${command} system prune`],
  });
}

export function engineMissing(command: string, cause?: unknown): InfractlError {
  const chosen = command !== 'docker';
  return new InfractlError({
    code: 'EngineMissing',
    message: `There is no container command: ${command} was not found.`,
    ...(chosen ? { why: 'INFRACTL_DOCKER chooses it.' } : {}),
    suggestions: [
      ...(chosen ? [`Install ${command}, or unset INFRACTL_DOCKER to use docker.`] : []),
      process.platform === 'linux'
        ? 'Install Docker: sudo apt-get install docker.io   (or see https://docs.docker.com/engine/install/)'
        : 'Install Docker Desktop: https://docs.docker.com/get-docker/',
      'Or use another one: INFRACTL_DOCKER=podman.',
      'Or deploy the image that was pushed last: --skip-build.',
    ],
    cause,
  });
}

/** @param lines the last lines that matter, secrets taken out */
export function buildFailed(
  name: string,
  lines: readonly string[],
  engine: Engine,
  env: NodeJS.ProcessEnv,
): InfractlError {
  const said = lines.join('\n');
  return (
    engineTrouble(said, engine.command, env) ??
    new InfractlError({
      code: 'BuildFailed',
      message: `The image ${name} could not be built.`,
      why: said || `${engine.command} said nothing.`,
      suggestions: buildHints(said),
    })
  );
}

function buildHints(said: string): string[] {
  if (/exec format error/i.test(said)) {
    return [
      'A command in the image is for another architecture than this machine: install the emulation, or change the platform.',
      'Run: docker run --privileged --rm tonistiigi/binfmt --install all',
    ];
  }
  if (
    /pull access denied|failed to resolve source metadata|manifest unknown|toomanyrequests|no such host|i\/o timeout|not found: manifest|does not match the specified platform/i.test(
      said,
    )
  ) {
    return [
      'The base image (FROM) could not be had: check its name, its platform, the network, and whether it needs a login.',
    ];
  }
  if (
    /failed to compute cache key|COPY failed|not found in build context|file does not exist|" not found: not found/i.test(
      said,
    )
  ) {
    return ['A file that is copied is not in the build context: check the path, and .dockerignore.'];
  }
  return [
    'Mend the Dockerfile or the code, then run the same command again: steps that passed are not repeated.',
  ];
}
