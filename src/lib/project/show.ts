import { stringify } from 'yaml';
import type { LoadedProject } from './load.ts';
import { isTree } from './merge.ts';
import type { Project } from './model.ts';
import { describeOrigin } from './origins.ts';
import type { ConfigPath } from './problems.ts';
import { SECTIONS } from './sections/index.ts';
import type { Section } from './sections/section.ts';

export interface ShowInputs {
  /** The values of --region and --profile. */
  readonly region?: string | undefined;
  readonly profile?: string | undefined;
  readonly env?: NodeJS.ProcessEnv | undefined;
}

/**
 * The effective configuration in the words of the file, with all defaults. References stay references:
 * no secret is in it.
 */
export function effectiveConfiguration(project: Project, inputs: ShowInputs = {}): Record<string, unknown> {
  const env = inputs.env ?? process.env;
  return withoutUndefined({
    project: project.name,
    environment: project.environment,
    protected: project.protected,
    region: inputs.region ?? (env.AWS_REGION || env.AWS_DEFAULT_REGION || project.region),
    profile: inputs.profile ?? (env.AWS_PROFILE || project.profile),
    account: project.account,
    stacks: showParts(SECTIONS.stacks, project.stacks, project.root),
    images: showParts(SECTIONS.images, project.images, project.root),
    functions: showParts(SECTIONS.functions, project.functions, project.root),
    sites: showParts(SECTIONS.sites, project.sites, project.root),
    checks: showParts(SECTIONS.checks, project.checks, project.root),
    hosts: showParts(SECTIONS.hosts, project.hosts, project.root),
    backups: showParts(SECTIONS.backups, project.backups, project.root),
    releases: showParts(SECTIONS.releases, project.releases, project.root),
    costs: showParts(SECTIONS.costs, project.costs, project.root),
  }) as Record<string, unknown>;
}

function showParts<Raw, Part>(section: Section<Raw, Part>, parts: ReadonlyMap<string, Part>, root: string) {
  return Object.fromEntries([...parts].map(([name, part]) => [name, section.show(part, root)]));
}

function withoutUndefined(tree: unknown): unknown {
  if (!isTree(tree)) return tree;
  return Object.fromEntries(
    Object.entries(tree)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => [key, withoutUndefined(value)]),
  );
}

/** The effective configuration as YAML; long texts stay in one line. */
export function configurationYaml(configuration: Readonly<Record<string, unknown>>): string {
  return stringify(configuration, { lineWidth: 0 }).trimEnd();
}

export interface ValueOrigin {
  /** `stacks.app.parameters.ImageUri` */
  readonly key: string;
  readonly value: unknown;
  readonly origin: string;
}

/** Every value of the effective configuration with where it came from. References and lists are one value. */
export function valueOrigins(
  configuration: Readonly<Record<string, unknown>>,
  loaded: Pick<LoadedProject, 'origins'>,
): ValueOrigin[] {
  const rows: ValueOrigin[] = [];
  const walk = (value: unknown, path: ConfigPath) => {
    if (isTree(value) && path.length < MAP_DEPTH && !isWhole(path)) {
      for (const [key, inner] of Object.entries(value)) walk(inner, [...path, key]);
    } else {
      rows.push({ key: path.join('.'), value, origin: describeOrigin(loaded.origins.of(path)) });
    }
  };
  walk(configuration, []);
  return rows;
}

/** section.part.field.key */
const MAP_DEPTH = 4;

function isWhole([section, ...path]: ConfigPath): boolean {
  const { wholes } = SECTIONS[section as keyof typeof SECTIONS]?.merge ?? { wholes: [] };
  return wholes.some(
    (whole) => whole.length === path.length && whole.every((step, i) => step === '*' || step === path[i]),
  );
}
