import * as z from 'zod/mini';
import { backups } from './backups.ts';
import { checks } from './checks.ts';
import { costs } from './costs.ts';
import { NAME, NAME_RULE, named } from './fields.ts';
import { functions } from './functions.ts';
import { fileSchema } from './header.ts';
import { hosts } from './hosts.ts';
import { images } from './images.ts';
import { releases } from './releases.ts';
import { sites } from './sites.ts';
import { stacks } from './stacks.ts';

/** Every section of the file, in the order in which it is shown. */
export const SECTIONS = {
  stacks,
  images,
  functions,
  sites,
  checks,
  hosts,
  backups,
  releases,
  costs,
} as const;

export type SectionName = keyof typeof SECTIONS;
export const SECTION_NAMES = Object.keys(SECTIONS) as SectionName[];

/** A whole section: its parts by name. */
export function sectionSchema(name: SectionName) {
  const { schema, description } = SECTIONS[name];
  return named(schema as z.ZodMiniType, description, NAME, NAME_RULE);
}

/** The file as it stands, with the insides of the sections left open: they are checked after the merge. */
export function outerSchema() {
  return fileSchema(Object.fromEntries(SECTION_NAMES.map((name) => [name, z.unknown()])));
}

/** The file with its sections, for the JSON Schema. */
export function wholeSchema() {
  return fileSchema(Object.fromEntries(SECTION_NAMES.map((name) => [name, sectionSchema(name)])));
}
