import type { Finding } from './issues.ts';
import { type ConfigPath, ConfigurationError, type Position, type Problem } from './problems.ts';
import type { Source } from './source.ts';

/** A finding that may have further lines, such as the edges of a cycle. */
export interface DetailedFinding extends Finding {
  readonly details?: readonly string[];
}

export type Locate = (path: ConfigPath, at?: 'key' | 'value') => Position;

/** Where a path of the merged configuration stands: in the environment's overrides, else in the base. */
export function locator(source: Source, environment: string | undefined): Locate {
  return (path, at) => {
    const override = ['environments', environment ?? '', ...path];
    if (environment === undefined || source.has(path)) {
      return source.has(override) ? source.locate(override, at) : source.locate(path, at);
    }
    return source.has(override) || deepest(source, override) - 2 > deepest(source, path)
      ? source.locate(override, at)
      : source.locate(path, at);
  };
}

/** How many steps of the path the file has. */
function deepest(source: Source, path: ConfigPath): number {
  let steps = path.length;
  while (steps > 0 && !source.has(path.slice(0, steps))) steps--;
  return steps;
}

/** Collects what is wrong, to tell all of it at once. */
export interface Findings {
  add(findings: readonly DetailedFinding[], environment?: string): void;
  /** @throws ConfigurationError when there is anything to tell. */
  throwIfAny(): void;
  /** @throws ConfigurationError */
  fail(): never;
}

export function collectFindings(source: Source): Findings {
  const problems: Problem[] = [];
  const fail = (): never => {
    throw new ConfigurationError(source.file.shown, problems);
  };
  return {
    fail,
    add(findings, environment) {
      const locate = locator(source, environment);
      for (const { path, at, message, expected, details } of findings) {
        problems.push(
          source.problem(locate(path, at), {
            message,
            ...(expected ? { expected } : {}),
            ...(details ? { details } : {}),
          }),
        );
      }
    },
    throwIfAny() {
      if (problems.length > 0) fail();
    },
  };
}
