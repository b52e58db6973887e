import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Project } from '../project/model.ts';
import type { Candidate } from './complete.ts';
import type { LocalKind } from './kinds.ts';

/** The names of a kind that a project has, in the order of its file. */
export function projectNames(kind: LocalKind, project: Project): Candidate[] {
  const { stacks, images, functions, sites, checks, hosts, backups, releases, environments } = project;
  const of = (description: string, parts: ReadonlyMap<string, unknown>): Candidate[] =>
    [...parts.keys()].map((value) => ({ value, description }));
  switch (kind) {
    case 'environment':
      return environments.map((value) => ({ value }));
    case 'part':
      return distinct([
        ...of('stack', stacks),
        ...of('image', images),
        ...of('function', functions),
        ...of('site', sites),
        ...of('release', releases),
        ...of('check', checks),
      ]);
    case 'stack':
      return of('stack', stacks);
    case 'host':
      return of('host', hosts);
    case 'application':
      return of('application', releases);
    case 'backup-plan':
      return of('plan', backups);
    case 'log':
      return distinct([...of('function', functions), ...of('stack', stacks), ...of('host', hosts)]);
    case 'subject':
      return distinct([...of('stack', stacks), ...of('function', functions), ...of('host', hosts)]);
    case 'profile':
    case 'blueprint':
      return [];
  }
}

/** A name that several kinds have is written with its kind: `stack:app`. */
function distinct(candidates: readonly Candidate[]): Candidate[] {
  const count = new Map<string, number>();
  for (const { value } of candidates) count.set(value, (count.get(value) ?? 0) + 1);
  return candidates.filter(
    ({ value }, at) =>
      count.get(value) === 1 || candidates.findIndex((other) => other.value === value) === at,
  );
}

/** The profiles of the AWS configuration of this user; none where there is no such file. */
export function awsProfiles(env: NodeJS.ProcessEnv): Candidate[] {
  const home = env.HOME || homedir();
  const files = [
    [env.AWS_CONFIG_FILE || join(home, '.aws/config'), /^\[(?:profile\s+)?([^\]\s]+)\s*\]/gm],
    [env.AWS_SHARED_CREDENTIALS_FILE || join(home, '.aws/credentials'), /^\[([^\]\s]+)\s*\]/gm],
  ] as const;
  const names = files.flatMap(([file, section]) => {
    try {
      return [...readFileSync(file, 'utf8').matchAll(section)].map(([, name]) => name ?? '');
    } catch {
      return [];
    }
  });
  const profiles = names.filter((name) => !/^(?:sso-session|services)$/.test(name));
  return [...new Set(profiles)].map((value) => ({ value }));
}
