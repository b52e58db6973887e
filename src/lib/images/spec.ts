import { UsageError } from '../base/errors.ts';
import { type ImagePart, partKey } from '../project/model.ts';
import type { BuildArg, BuildSecret, ImageSpec, Repository } from './types.ts';

/** Looks an environment variable up, or a line of `.env.secrets`. */
export type Variables = (name: string) => string | undefined;

/** Variables that the container command reads itself: a build argument of that name would change what it does. */
const READ_BY_DOCKER = /^(?:PATH|HOME|TMPDIR|LD_.*|DOCKER_.*|BUILDX_.*|BUILDKIT_.*|CONTAINER_.*|XDG_.*)$/;

const ECR_HOST =
  /^(?<account>\d{12})\.dkr[.-]ecr(?:-fips)?\.(?<region>[a-z0-9-]+)\.(?:amazonaws\.com|on\.aws)/;

/**
 * An image with every value known: what is hashed, built and pushed.
 *
 * @param repositoryUri the resolved `repository` of the part, without a tag
 * @throws UsageError for a repository that is none, several platforms, or a variable that is not set
 */
export function imageSpec(part: ImagePart, repositoryUri: string, variables: Variables): ImageSpec {
  if (part.platform.includes(',')) {
    throw new UsageError({
      code: 'SeveralPlatforms',
      message: `The image ${part.name} names several platforms: ${part.platform}.`,
      why: 'Lambda takes an image for one platform only, and refuses an index of several.',
      suggestions: ['Choose one: platform: linux/amd64, or linux/arm64.'],
    });
  }
  return {
    part: partKey({ kind: 'image', name: part.name }),
    name: part.name,
    repository: parseRepository(repositoryUri),
    context: part.context,
    dockerfile: part.dockerfile,
    platform: part.platform,
    ...(part.target === undefined ? {} : { target: part.target }),
    args: sorted(part.args).map(([name, value]) => buildArg(part, name, value, variables)),
    secrets: sorted(part.secrets).map(([id, source]) => buildSecret(part, id, source, variables)),
  };
}

/**
 * @param uri `<host>/<name>`, as CloudFormation's RepositoryUri gives it
 * @throws UsageError `BadRepository`
 */
export function parseRepository(uri: string): Repository {
  const slash = uri.indexOf('/');
  const host = uri.slice(0, Math.max(slash, 0));
  const name = uri.slice(slash + 1);
  if (!/^[\w.-]+(?::\d+)?$/.test(host) || !/^[a-z0-9]+(?:[._/-]+[a-z0-9]+)*$/.test(name)) {
    throw new UsageError({
      code: 'BadRepository',
      message: `${JSON.stringify(uri)} is not the URI of an image repository.`,
      why: 'It has the form 123456789012.dkr.ecr.eu-west-3.amazonaws.com/name, without a tag.',
      suggestions: [
        'Refer to the output of the stack that makes it: repository: { output: registry.RepositoryUri }',
      ],
    });
  }
  const aws = ECR_HOST.exec(host)?.groups;
  return {
    uri,
    host,
    name,
    ...(aws?.account && aws.region ? { registryId: aws.account, region: aws.region } : {}),
  };
}

/** In the order of their names, so that the order in the file changes nothing. */
function sorted<T>(record: Readonly<Record<string, T>>): [string, T][] {
  return Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
}

function buildArg(
  part: ImagePart,
  name: string,
  value: ImagePart['args'][string],
  variables: Variables,
): BuildArg {
  if (typeof value !== 'object') return { name, value: String(value), hidden: false, secret: false };
  if (READ_BY_DOCKER.test(name)) {
    throw new UsageError({
      code: 'ReservedBuildArgument',
      message: `The build argument ${name} of the image ${part.name} cannot come from a variable.`,
      why: `The container command reads ${name} itself.`,
      suggestions: [`Give the argument another name, or write its value in infractl.yaml.`],
    });
  }
  const found = variables(value.env);
  if (found !== undefined) return { name, value: found, hidden: true, secret: value.default === undefined };
  if (value.default === undefined) throw unset(part, value.env, `build argument ${name}`);
  return { name, value: value.default, hidden: false, secret: false };
}

function buildSecret(
  part: ImagePart,
  id: string,
  source: ImagePart['secrets'][string],
  variables: Variables,
): BuildSecret {
  if ('file' in source) return { id, file: source.file };
  const value = variables(source.env);
  if (value === undefined) throw unset(part, source.env, `build secret ${id}`);
  return { id, value };
}

function unset(part: ImagePart, variable: string, what: string): UsageError {
  return new UsageError({
    code: 'MissingVariable',
    message: `${variable} is not set: the ${what} of the image ${part.name} comes from it.`,
    suggestions: [`Set it, or add a line ${variable}=… to .env.secrets.`],
  });
}
