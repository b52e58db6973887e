import { readFileSync } from 'node:fs';
import { InfractlError, messageOf, UsageError } from '../base/errors.ts';
import { Redactor } from '../base/redact.ts';
import { ignoreFileOf } from './content.ts';
import { docker, type Engine, needsBuildKit } from './engine.ts';
import { buildLog, isBlank } from './progress.ts';
import { buildFailed } from './troubles.ts';
import type { BuildSecret, ImageDeps, ImageSpec } from './types.ts';

export interface BuildCommand {
  readonly args: readonly string[];
  /** What the command gets beside its usual environment: all values that are secret. */
  readonly env: NodeJS.ProcessEnv;
}

/**
 * The command that builds the image. Values that came from a variable and build secrets are in its
 * environment, never among its arguments, which every user of the machine can read.
 *
 * @throws UsageError `BuildKitNeeded`
 */
export function buildCommand(spec: ImageSpec, engine: Engine, tag: string): BuildCommand {
  const { builder } = engine;
  if (builder === 'plain') refuseForPlain(spec);
  const env: NodeJS.ProcessEnv = { BUILDX_NO_DEFAULT_ATTESTATIONS: '1' };
  const args = builder === 'buildx' ? ['buildx', 'build', '--load'] : ['build'];
  if (builder === 'plain') args.push('--force-rm');
  if (builder !== 'plain' && builder !== 'podman') args.push('--progress=plain');
  // Lambda refuses an index, and attestations make one.
  if (engine.attests) args.push('--provenance=false', '--sbom=false');
  if (builder === 'nerdctl') args.push('--provenance=false');
  if (builder === 'podman') args.push(...podmanIgnore(spec));
  if (builder === 'buildkit' || builder === 'plain') env.DOCKER_BUILDKIT = builder === 'plain' ? '0' : '1';
  args.push('--platform', spec.platform, '--file', spec.dockerfile, '--tag', tag);
  if (spec.target !== undefined) args.push('--target', spec.target);
  for (const { name, value, hidden } of spec.args) {
    args.push('--build-arg', hidden ? name : `${name}=${value}`);
    if (hidden) env[name] = value;
  }
  for (const [index, secret] of spec.secrets.entries()) {
    const variable = `INFRACTL_BUILD_SECRET_${index}`;
    args.push('--secret', secretFlag(secret, variable));
    if ('value' in secret) env[variable] = secret.value;
  }
  return { args: [...args, spec.context], env };
}

/**
 * Builds the image under the tag.
 *
 * @throws UsageError `BuildKitNeeded`, `SecretFileUnreadable`; InfractlError `BuildFailed` with the last 20 lines that matter, `DiskFull`, and those of the engine
 */
export async function build(deps: ImageDeps, engine: Engine, spec: ImageSpec, tag: string): Promise<void> {
  const { args, env } = buildCommand(spec, engine, tag);
  const redactor = secretsOf(spec);
  const log = buildLog();
  const { part } = spec;
  deps.reporter.emit({ type: 'part.status', part, status: `building with ${words(engine)}` });
  const result = await docker(deps, args, {
    env,
    onLine: (raw) => {
      const line = redactor.redact(raw);
      if (isBlank(line)) return;
      deps.reporter.emit({ type: 'tool.output', part, line });
      const status = log.status(line);
      if (status !== undefined) deps.reporter.emit({ type: 'part.status', part, status });
    },
  });
  if (result.exitCode !== 0) throw buildFailed(spec.name, log.tail(), engine, deps.env);
}

/** A build may print what it was given, and does so line by line. */
function secretsOf(spec: ImageSpec): Redactor {
  const redactor = new Redactor();
  const values = [
    ...spec.args.filter(({ secret }) => secret).map(({ value }) => value),
    ...spec.secrets.map((secret) => ('value' in secret ? secret.value : readSecret(spec, secret.file))),
  ];
  for (const value of values) {
    redactor.add(value.trim());
    for (const line of value.split('\n')) if (line.trim().length >= 8) redactor.add(line.trim());
  }
  return redactor;
}

function readSecret(spec: ImageSpec, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new UsageError({
      code: 'SecretFileUnreadable',
      message: `The file of a build secret of the image ${spec.name} cannot be read: ${file}.`,
      why: messageOf(cause),
      suggestions: [`Write the file, or check images.${spec.name}.secrets in infractl.yaml.`],
      cause,
    });
  }
}

function words(engine: Engine): string {
  const names = { buildx: 'buildx', buildkit: 'BuildKit', plain: 'the plain builder' } as const;
  return engine.builder in names ? names[engine.builder as keyof typeof names] : engine.builder;
}

function secretFlag(secret: BuildSecret, variable: string): string {
  const id = csv(`id=${secret.id}`);
  return `${id},${'file' in secret ? csv(`src=${secret.file}`) : `env=${variable}`}`;
}

/** The flag is a line of CSV: a path may hold a comma or a quote. */
function csv(field: string): string {
  return /[",]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}

function refuseForPlain(spec: ImageSpec): void {
  if (spec.secrets.length > 0) throw needsBuildKit(`A build secret (image ${spec.name})`);
  if (ignoreFileOf(spec) === `${spec.dockerfile}.dockerignore`) {
    throw needsBuildKit(`${spec.dockerfile}.dockerignore`);
  }
}

function podmanIgnore(spec: ImageSpec): string[] {
  const file = ignoreFileOf(spec);
  return file === undefined ? [] : ['--ignorefile', file];
}

/** One image of the local engine: `image inspect`. */
export interface LocalImage {
  readonly architecture: string;
  readonly os: string;
  /** Uncompressed, in bytes. */
  readonly bytes: number;
  readonly runs: boolean;
  /** `<repository>@sha256:…` wherever it has been pushed to or pulled from. */
  readonly repoDigests: readonly string[];
}

/** The image in the local engine, or undefined. */
export async function localImage(deps: ImageDeps, reference: string): Promise<LocalImage | undefined> {
  const result = await docker(deps, ['image', 'inspect', reference]);
  if (result.exitCode !== 0) return undefined;
  const [said] = JSON.parse(result.stdout) as {
    Architecture?: string;
    Os?: string;
    Size?: number;
    RepoDigests?: string[] | null;
    Config?: { Entrypoint?: string[] | null; Cmd?: string[] | null };
  }[];
  if (!said) return undefined;
  return {
    architecture: said.Architecture ?? '',
    os: said.Os ?? '',
    bytes: said.Size ?? 0,
    runs: (said.Config?.Entrypoint?.length ?? 0) + (said.Config?.Cmd?.length ?? 0) > 0,
    repoDigests: said.RepoDigests ?? [],
  };
}

/** Lambda's limit for a container image, all layers unpacked. */
const LARGEST = 10 * 1024 ** 3;
const SAME_MACHINE: Readonly<Record<string, string>> = {
  x86_64: 'amd64',
  aarch64: 'arm64',
  'x86-64': 'amd64',
};

/**
 * What Lambda would refuse is refused here, before anything is pushed.
 *
 * @throws InfractlError `NoHandler`, `WrongPlatform`, `ImageTooLarge`
 */
export function checkImage(spec: ImageSpec, image: LocalImage): void {
  const [os = '', machine = ''] = spec.platform.split('/');
  const wanted = SAME_MACHINE[machine] ?? machine;
  if (!image.runs) {
    throw new InfractlError({
      code: 'NoHandler',
      message: `The image ${spec.name} is without a handler: it says nothing of what to run.`,
      why: 'It has neither ENTRYPOINT nor CMD. Lambda would fail every call with Runtime.InvalidEntrypoint.',
      suggestions: [
        `Add a CMD (or an ENTRYPOINT) to ${spec.dockerfile}, for example: CMD ["node", "/app/index.js"]`,
      ],
    });
  }
  if (image.os !== os || image.architecture !== wanted) {
    throw new InfractlError({
      code: 'WrongPlatform',
      message: `The image ${spec.name} is for ${image.os}/${image.architecture}, not for ${spec.platform}.`,
      why: 'Its base image has no other, or the builder cannot make one for another machine.',
      suggestions: [
        `Set images.${spec.name}.platform to ${image.os}/${image.architecture} (and the function's architecture with it).`,
        `Or choose a base image that exists for ${spec.platform}, and build with buildx.`,
      ],
    });
  }
  if (image.bytes > LARGEST) {
    throw new InfractlError({
      code: 'ImageTooLarge',
      message: `The image ${spec.name} has ${(image.bytes / 1024 ** 3).toFixed(1)} GiB: Lambda takes 10 at most.`,
      suggestions: [
        'Build in one stage and copy only what runs into the last one; keep data out with .dockerignore.',
      ],
    });
  }
}
