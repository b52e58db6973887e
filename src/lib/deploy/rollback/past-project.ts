import type { PastPart, Standing } from '../../journal/index.ts';
import type {
  CheckPart,
  FunctionPart,
  HostPart,
  ImagePart,
  Project,
  ReleasePart,
  SitePart,
  StackPart,
} from '../../project/model.ts';

/** What a redactor writes in place of a secret that stood in plain words: nothing to go back to. */
const HIDDEN = '[secret]';

/**
 * The project as it stood at some time, made from the journal alone: its graph, its names, and parameters
 * with their references. Where it is comes from `base`; no path of this machine is in it.
 */
export function projectOf(base: Project, standing: Standing): Project {
  const parts = [...standing.values()].filter(({ config }) => config !== undefined);
  const of = <T>(kind: string, make: (part: PastPart) => T & { readonly name: string }) =>
    new Map(
      parts
        .filter(({ part }) => part.startsWith(`${kind} `))
        .map((part) => [make(part).name, make(part)] as const),
    );
  return {
    ...base,
    stacks: of('stack', (part) => ({
      ...(part.config as unknown as StackPart),
      template: templateKey(part),
    })),
    images: of('image', ({ config }) => ({
      ...(config as unknown as ImagePart),
      context: '',
      dockerfile: '',
    })),
    functions: of('function', ({ config }) => config as unknown as FunctionPart),
    sites: of('site', ({ config }) => ({
      ...(config as unknown as SitePart),
      folder: '',
      build: [],
      environment: {},
      cache: {},
      headers: {},
      types: {},
      exclude: [],
      allow: [],
    })),
    checks: of('check', ({ config }) => config as unknown as CheckPart),
    releases: of('release', ({ config }) => {
      const { machines: _, ...release } = config as unknown as PastRelease;
      return release;
    }),
    hosts: new Map(parts.flatMap((part) => machinesOf(base, part))),
  };
}

/** An application, and the machines that it was on. */
type PastRelease = ReleasePart & { readonly machines: readonly HostPart[] };

/** Which machine it was is of that time; the way in, with its key on this machine, is of now. */
function machinesOf(base: Project, { part, config }: PastPart): [string, HostPart][] {
  if (!part.startsWith('release ')) return [];
  const { machines } = config as unknown as PastRelease;
  return machines.map((host) => [
    host.name,
    { ...host, reach: base.hosts.get(host.name)?.reach ?? host.reach },
  ]);
}

/** Where the template of a stack is kept in the project's bucket. */
export function templateKey({ after }: PastPart): string {
  return `templates/${String(after?.templateSha256)}.yaml`;
}

export type ParameterSource =
  /** The value that the stack has now stays: it is known to AWS alone. */
  | { readonly from: 'stack' }
  /** The reference is followed again. */
  | { readonly from: 'reference' }
  | { readonly from: 'journal'; readonly value: string }
  | { readonly from: 'nowhere'; readonly because: string };

/**
 * Where a parameter's value comes from when a stack goes back. Pure. Secrets are in the journal by name only:
 * one whose name is the same as now keeps the value that the stack has; another is read from its store again.
 *
 * @param now the part as it stands now, if the stack is there and has the parameter
 */
export function parameterSource(
  name: string,
  then: PastPart,
  now: PastPart | 'unknown' | undefined,
): ParameterSource {
  const wanted = configured(then, name);
  const recorded = (then.after?.parameters as Record<string, unknown> | undefined)?.[name];
  if (wanted === undefined) {
    // Typed when it was asked for: nobody but the stack knows it.
    if (now !== undefined) return { from: 'stack' };
    return { from: 'nowhere', because: `${name} was typed when it was deployed, and is kept nowhere` };
  }
  if (isMadeHere(wanted)) return { from: 'reference' };
  const readable = typeof recorded === 'string' && !recorded.includes(HIDDEN);
  if (readable) return { from: 'journal', value: recorded };
  const same = now !== undefined && now !== 'unknown' && alike(configured(now, name), wanted);
  if (same) return { from: 'stack' };
  if (!JSON.stringify(wanted).includes(HIDDEN)) return { from: 'reference' };
  if (now !== undefined) return { from: 'stack' };
  return { from: 'nowhere', because: `${name} held a secret in plain words, which is kept nowhere` };
}

function configured({ config }: PastPart, name: string): unknown {
  return (config?.parameters as Record<string, unknown> | undefined)?.[name];
}

/** Outputs and images are those of the parts as they are after they went back themselves. */
function isMadeHere(value: unknown): boolean {
  return [value]
    .flat()
    .some((one) => typeof one === 'object' && one !== null && ('output' in one || 'image' in one));
}

function alike(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
