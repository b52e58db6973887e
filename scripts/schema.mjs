// The JSON Schema that editors complete infractl.yaml with. Run alone, it writes the file.
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export async function schemaText() {
  const { projectJsonSchema } = await import('../src/lib/project/json-schema.ts');
  return `${JSON.stringify(projectJsonSchema(), null, 2)}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const target = path.join(import.meta.dirname, '../schema/infractl.schema.json');
  await mkdir(path.dirname(target), { recursive: true });
  await writeFile(target, await schemaText());
}
