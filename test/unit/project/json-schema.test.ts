import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectJsonSchema } from '../../../src/lib/project/json-schema.ts';

type Json = { readonly [key: string]: unknown };

/** Every property of the schema with its path. */
function properties(schema: Json, place = ''): [string, Json][] {
  const own = Object.entries((schema.properties ?? {}) as Record<string, Json>).flatMap(([key, inner]) => [
    [`${place}.${key}`, inner] as [string, Json],
    ...properties(inner, `${place}.${key}`),
  ]);
  const rest = schema.additionalProperties;
  const choices = ((schema.anyOf ?? schema.oneOf ?? []) as Json[]).flatMap((each) => properties(each, place));
  return [
    ...own,
    ...choices,
    ...(typeof rest === 'object' && rest ? properties(rest as Json, `${place}.*`) : []),
  ];
}

describe('the JSON Schema', () => {
  const schema = projectJsonSchema() as Json & { readonly properties: Record<string, Json> };

  it('in the repository is the one of the code', () => {
    const file = path.resolve(import.meta.dirname, '../../../schema/infractl.schema.json');
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(JSON.parse(JSON.stringify(schema)));
  });

  it('explains every key', () => {
    const all = properties(schema);
    expect(all.length).toBeGreaterThan(60);
    expect(all.filter(([, { description }]) => !description).map(([place]) => place)).toEqual([]);
  });

  it('knows no other keys, and lets an environment override anything', () => {
    expect(schema.additionalProperties).toBe(false);
    expect(schema.required).toEqual(['project']);
    const text = JSON.stringify(schema.properties.environments);
    const places = properties(schema).map(([place]) => place);
    for (const section of ['stacks', 'images', 'functions', 'checks']) {
      expect(places).toContain(`.${section}`);
      expect(places).toContain(`.environments.*.${section}`);
    }
    expect(text).not.toContain('"required":["template"');
  });
});
