import { loadTemplate } from '../template/load.ts';
import type { Template } from '../template/template.ts';
import { child, entries } from '../template/yaml.ts';
import { placesIn } from './places.ts';

/** The nested templates that are files on this machine, by the logical id of their stack. */
export async function nestedTemplates(template: Template): Promise<ReadonlyMap<string, Template>> {
  const found = new Map<string, Template>();
  const places = placesIn(template).places.filter(({ kind }) => kind === 'template');
  for (const { key, value } of entries(child(template.tree.root, 'Resources'))) {
    const properties = child(value, 'Properties');
    const place = places.find((one) => one.properties === properties);
    if (place) found.set(key, await loadTemplate(place.path));
  }
  return found;
}
