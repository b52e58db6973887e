import type { ChosenEnvironment } from './environment.ts';
import { placeName } from './issues.ts';
import type { ConfigPath, Position } from './problems.ts';
import type { Source } from './source.ts';

/** Where an effective value came from. */
export type Origin =
  | ({ readonly kind: 'file' } & Position)
  | ({ readonly kind: 'environment'; readonly environment: string } & Position)
  | { readonly kind: 'samconfig' | 'parameter file'; readonly file: string }
  | { readonly kind: 'flag'; readonly flag: string }
  | { readonly kind: 'variable'; readonly variable: string }
  | { readonly kind: 'default' };

export interface Origins {
  of(path: ConfigPath): Origin;
}

/** `infractl.yaml:12`, `environment prod, infractl.yaml:9`, `AWS_REGION`, `--region`, `default`. */
export function describeOrigin(origin: Origin): string {
  switch (origin.kind) {
    case 'file':
      return `${origin.file}:${origin.line}`;
    case 'environment':
      return `environment ${origin.environment}, ${origin.file}:${origin.line}`;
    case 'samconfig':
    case 'parameter file':
      return origin.file;
    case 'flag':
      return `--${origin.flag}`;
    case 'variable':
      return `variable ${origin.variable}`;
    case 'default':
      return 'default';
  }
}

export interface OriginInputs {
  readonly region?: string | undefined;
  readonly profile?: string | undefined;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Where each value of the merged configuration came from.
 *
 * @param recorded what the sections said of values that the file does not have, by `placeName`
 */
export function makeOrigins(
  source: Source,
  chosen: ChosenEnvironment,
  recorded: ReadonlyMap<string, Origin>,
  inputs: OriginInputs,
): Origins {
  return {
    of(path) {
      const given = givenOrigin(path, chosen, inputs);
      if (given) return given;
      const override = ['environments', chosen.name, ...path];
      if (source.has(override)) {
        return { kind: 'environment', environment: chosen.name, ...source.locate(override) };
      }
      if (source.has(path)) return { kind: 'file', ...source.locate(path) };
      return recorded.get(placeName(path)) ?? inherited(path, recorded) ?? { kind: 'default' };
    },
  };
}

/** What a flag or a variable decides, whatever the file says. */
function givenOrigin(path: ConfigPath, chosen: ChosenEnvironment, inputs: OriginInputs): Origin | undefined {
  const { env } = inputs;
  switch (path.join('.')) {
    case 'environment':
      if (chosen.by === 'flag') return { kind: 'flag', flag: 'env' };
      return chosen.by === 'variable' ? { kind: 'variable', variable: 'INFRACTL_ENV' } : { kind: 'default' };
    case 'region': {
      if (inputs.region) return { kind: 'flag', flag: 'region' };
      const variable = ['AWS_REGION', 'AWS_DEFAULT_REGION'].find((name) => env[name]);
      return variable ? { kind: 'variable', variable } : undefined;
    }
    case 'profile':
      if (inputs.profile) return { kind: 'flag', flag: 'profile' };
      return env.AWS_PROFILE ? { kind: 'variable', variable: 'AWS_PROFILE' } : undefined;
    default:
      return undefined;
  }
}

/** A value inside one that was recorded: an item of a list. */
function inherited(path: ConfigPath, recorded: ReadonlyMap<string, Origin>): Origin | undefined {
  for (let steps = path.length - 1; steps > 0; steps--) {
    const origin = recorded.get(placeName(path.slice(0, steps)));
    if (origin) return origin;
  }
  return undefined;
}
