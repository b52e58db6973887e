import { collectReferences } from '../project/index.ts';
import type { Project, Reference, Value } from '../project/model.ts';
import type { StoreName } from '../secrets/index.ts';

/** A secret that a project refers to, and where. */
export interface UsedSecret {
  readonly store: StoreName | 'env';
  readonly name: string;
  /** One field of a JSON secret. */
  readonly key: string | undefined;
  /** `stack app JwtSecret`, `release web TOKEN`. */
  readonly usedBy: readonly string[];
}

/** All secrets that an environment's configuration names, each once, in the order of the file. */
export function usedSecrets(project: Project): UsedSecret[] {
  const found = new Map<
    string,
    { store: UsedSecret['store']; name: string; key?: string; usedBy: string[] }
  >();
  const add = (reference: Reference, where: string) => {
    const secret = secretOf(reference);
    if (!secret) return;
    const id = [secret.store, secret.name, secret.key ?? ''].join('\0');
    const known = found.get(id) ?? { ...secret, usedBy: [] };
    if (!known.usedBy.includes(where)) known.usedBy.push(where);
    found.set(id, known);
  };
  const addAll = (value: Value | readonly Value[], where: string) => {
    for (const reference of collectReferences(value)) add(reference, where);
  };
  for (const [name, { parameters }] of project.stacks)
    for (const [parameter, value] of Object.entries(parameters)) addAll(value, `stack ${name} ${parameter}`);
  for (const [name, { secrets }] of project.images)
    for (const [id, source] of Object.entries(secrets))
      if ('env' in source) add({ env: source.env }, `image ${name} ${id}`);
  for (const [name, { environment }] of project.releases)
    for (const [variable, value] of Object.entries(environment)) addAll(value, `release ${name} ${variable}`);
  for (const [name, { environment, config }] of project.sites)
    for (const [key, value] of Object.entries({ ...environment, ...config?.values }))
      addAll(value, `site ${name} ${key}`);
  return [...found.values()].map(({ key, ...secret }) => ({ ...secret, key }));
}

function secretOf(
  reference: Reference,
): { store: UsedSecret['store']; name: string; key?: string } | undefined {
  if ('secret' in reference)
    return {
      store: 'secretsmanager',
      name: reference.secret,
      ...(reference.key === undefined ? {} : { key: reference.key }),
    };
  if ('ssm' in reference) return { store: 'ssm', name: reference.ssm };
  return 'env' in reference ? { store: 'env', name: reference.env } : undefined;
}
