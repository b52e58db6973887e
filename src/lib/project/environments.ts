import { type Finding, findingsOf, kindOf } from './issues.ts';
import { isTree, merge } from './merge.ts';
import type { ConfiguredId } from './model.ts';
import { NAME, NAME_RULE } from './sections/fields.ts';
import type { EnvironmentSettings } from './sections/header.ts';
import { outerSchema, SECTION_NAMES, SECTIONS, type SectionName, sectionSchema } from './sections/index.ts';
import { substitute, type Variables } from './substitute.ts';

export type Tree = Readonly<Record<string, unknown>>;

/** All of the file that is no section. */
export interface Header {
  readonly project: string;
  readonly settings: EnvironmentSettings;
  readonly environments: Readonly<Record<string, EnvironmentSettings>>;
}

/** The parts of one environment by section, checked, before defaults are filled. */
export type CheckedSections = Readonly<Partial<Record<SectionName, Tree>>>;

const DEFAULT_ENVIRONMENT = 'dev';

/** Why the data cannot be a configuration at all; undefined when it is a map. */
export function shapeProblem(data: unknown): string | undefined {
  if (data === null || data === undefined) return 'it is empty.';
  return isTree(data) ? undefined : `it must be a map (keys with values), but is ${kindOf(data)}.`;
}

/**
 * The file as the checks want it: empty keys are as good as none, but an empty environment is an
 * environment; keys that begin with `x-` hold anchors and are left out.
 */
export function tidyTree(data: Tree): Tree {
  return mapEntries(data, (key, value) => {
    if (value === null || key.startsWith('x-')) return undefined;
    if (key !== 'environments' || !isTree(value)) return value;
    return mapEntries(value, (_, settings) =>
      isTree(settings) ? mapEntries(settings, (_key, each) => each ?? undefined) : (settings ?? {}),
    );
  });
}

function mapEntries(tree: Tree, change: (key: string, value: unknown) => unknown): Tree {
  return Object.fromEntries(
    Object.entries(tree)
      .map(([key, value]) => [key, change(key, value)] as const)
      .filter(([, value]) => value !== undefined),
  );
}

/** The environments' names in the file's order; `dev` where it has none. */
export function environmentsOf(tree: Tree): string[] {
  const names = isTree(tree.environments) ? Object.keys(tree.environments) : [];
  return names.length > 0 ? names : [DEFAULT_ENVIRONMENT];
}

/** Checks all but the insides of the sections. */
export function checkHeader(tree: Tree): { readonly header?: Header; readonly findings: readonly Finding[] } {
  const checked = outerSchema().safeParse(tree);
  if (!checked.success) return { findings: findingsOf(checked.error.issues, tree) };
  const { project, environments, ...settings } = checked.data as unknown as EnvironmentSettings & {
    readonly project: string;
    readonly environments?: Readonly<Record<string, EnvironmentSettings>>;
  };
  return { header: { project, settings, environments: environments ?? {} }, findings: [] };
}

/** The settings of one environment over those of the file; an empty one removes the file's. */
export function settingsOf(header: Header, environment: string, data: Tree): EnvironmentSettings {
  const environments = isTree(data.environments) ? data.environments : {};
  const written = isTree(environments[environment]) ? environments[environment] : {};
  const own = header.environments[environment] ?? {};
  const pick = <K extends 'region' | 'profile' | 'account'>(key: K) =>
    written[key] === null ? undefined : (own[key] ?? header.settings[key]);
  return {
    region: pick('region'),
    profile: pick('profile'),
    account: pick('account'),
    protected: own.protected ?? false,
  };
}

/** The sections with the environment's overrides merged in. Nothing is checked. */
export function mergeSections(tree: Tree, environment: string): Tree {
  const environments = isTree(tree.environments) ? tree.environments : {};
  const own = isTree(environments[environment]) ? environments[environment] : {};
  return mapEntries(SECTIONS, (name) => merge(tree[name], own[name], SECTIONS[name as SectionName].merge));
}

/** The checked parts of one environment, and the names of those that are not as they should be. */
export interface CheckedParts {
  readonly sections: CheckedSections;
  readonly invalid: readonly ConfiguredId[];
  readonly findings: readonly Finding[];
}

/** Puts the variables in and checks every part of every section. */
export function checkSections(merged: Tree, variables: Variables): CheckedParts {
  const findings: Finding[] = [];
  const sections: Partial<Record<SectionName, Tree>> = {};
  const invalid: ConfiguredId[] = [];
  for (const section of SECTION_NAMES) {
    const parts = merged[section] ?? {};
    if (!isTree(parts)) {
      findings.push(
        ...findingsOf(sectionSchema(section).safeParse(parts).error?.issues ?? [], parts, [section]),
      );
      continue;
    }
    const valid: [string, unknown][] = [];
    for (const [name, part] of Object.entries(parts)) {
      const checked = checkPart(section, name, part, variables);
      findings.push(...checked.findings);
      if (checked.findings.length === 0) valid.push([name, checked.part]);
      else invalid.push({ kind: SECTIONS[section].kind, name });
    }
    sections[section] = Object.fromEntries(valid);
  }
  return { sections, invalid, findings };
}

function checkPart(
  section: SectionName,
  name: string,
  part: unknown,
  variables: Variables,
): { readonly part?: unknown; readonly findings: readonly Finding[] } {
  const path = [section, name];
  const findings: Finding[] = [];
  const tree = substitute(part, variables, (each) => findings.push({ at: 'value', ...each }), path);
  if (!NAME.test(name))
    findings.push({ path, at: 'key', message: `the name "${name}" must be ${NAME_RULE}.` });
  const checked = SECTIONS[section].schema.safeParse(tree);
  if (checked.success) return { part: checked.data, findings };
  const wrong = findingsOf(checked.error.issues, tree, path).filter(notAt(findings));
  return { findings: [...findings, ...wrong] };
}

/** A text with an unknown variable in it would only be reported twice. */
function notAt(unresolved: readonly Finding[]): (finding: Finding) => boolean {
  const paths = new Set(unresolved.map(({ path }) => path.join('\n')));
  return ({ path }) => !paths.has(path.join('\n'));
}
