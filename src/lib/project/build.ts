import type { CheckedSections, Tree } from './environments.ts';
import type { Project } from './model.ts';
import type { EnvironmentSettings } from './sections/header.ts';
import { SECTIONS } from './sections/index.ts';
import type { BuildContext, Section } from './sections/section.ts';

export interface ProjectFacts extends EnvironmentSettings {
  readonly file: string;
  readonly environments: readonly string[];
}

/** The project with all defaults. What cannot be built is reported to the context. */
export async function buildProject(
  facts: ProjectFacts,
  sections: CheckedSections,
  context: BuildContext,
): Promise<Project> {
  return {
    file: facts.file,
    root: context.root,
    name: context.project,
    environment: context.environment,
    protected: facts.protected ?? false,
    environments: facts.environments,
    ...(facts.region ? { region: facts.region } : {}),
    ...(facts.profile ? { profile: facts.profile } : {}),
    ...(facts.account ? { account: String(facts.account) } : {}),
    stacks: await buildParts(SECTIONS.stacks, sections.stacks, context),
    images: await buildParts(SECTIONS.images, sections.images, context),
    functions: await buildParts(SECTIONS.functions, sections.functions, context),
    sites: await buildParts(SECTIONS.sites, sections.sites, context),
    checks: await buildParts(SECTIONS.checks, sections.checks, context),
    hosts: await buildParts(SECTIONS.hosts, sections.hosts, context),
    backups: await buildParts(SECTIONS.backups, sections.backups, context),
    releases: await buildParts(SECTIONS.releases, sections.releases, context),
    costs: await buildParts(SECTIONS.costs, sections.costs, context),
  };
}

async function buildParts<Raw, Part>(
  section: Section<Raw, Part>,
  parts: Tree = {},
  context: BuildContext,
): Promise<Map<string, Part>> {
  const built = new Map<string, Part>();
  for (const [name, raw] of Object.entries(parts)) {
    // The section's schema has checked it.
    built.set(name, await section.build(name, raw as Raw, context));
  }
  return built;
}
