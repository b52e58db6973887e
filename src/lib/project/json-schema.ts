import * as z from 'zod/mini';
import { isTree } from './merge.ts';
import { fieldNotes } from './sections/fields.ts';
import { SECTION_NAMES, wholeSchema } from './sections/index.ts';

type Json = Readonly<Record<string, unknown>>;

/** The JSON Schema (draft 7, which the editors' YAML plug-ins know best) of `infractl.yaml`. */
export function projectJsonSchema(): Json {
  const schema = z.toJSONSchema(wholeSchema(), {
    target: 'draft-07',
    io: 'input',
    unrepresentable: 'any',
    metadata: fieldNotes,
  }) as Json;
  const properties = schema.properties as Record<string, Json>;
  const environments = properties.environments as Json;
  const environment = environments.additionalProperties as Json;
  const relaxed = mapValues(environment.properties as Json, (property, name) =>
    (SECTION_NAMES as readonly string[]).includes(name)
      ? override(property as Json)
      : removable(property as Json),
  );
  return {
    $schema: schema.$schema,
    title: 'infractl.yaml',
    ...schema,
    properties: {
      ...properties,
      environments: {
        ...environments,
        additionalProperties: removable({ ...environment, properties: relaxed }),
      },
    },
    patternProperties: { '^x-': { description: 'Not read: a place for anchors.' } },
  };
}

/** A section as an environment overrides it: nothing is required, and null removes. */
function override(section: Json): Json {
  const part = section.additionalProperties as Json;
  const { required: _, ...rest } = part;
  const fields = mapValues(part.properties as Json, (field) => {
    const json = field as Json;
    return removable(
      isTree(json.additionalProperties)
        ? { ...json, additionalProperties: removable(json.additionalProperties) }
        : json,
    );
  });
  return removable({ ...section, additionalProperties: removable({ ...rest, properties: fields }) });
}

function removable(schema: Json): Json {
  const { description, ...rest } = schema;
  return { ...(description ? { description } : {}), anyOf: [rest, { type: 'null' }] };
}

function mapValues(tree: Json, change: (value: unknown, key: string) => unknown): Json {
  return Object.fromEntries(Object.entries(tree).map(([key, value]) => [key, change(value, key)]));
}
