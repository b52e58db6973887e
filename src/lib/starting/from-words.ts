import type { DraftHost, Start } from './draft.ts';
import { openParameters, type TemplateWords, wantedWords } from './from-samconfig.ts';
import { isLive } from './names.ts';

/** What somebody has said of a project that is nowhere yet. */
export interface WordsOrder {
  readonly project: string;
  readonly region?: string | undefined;
  readonly profile?: string | undefined;
  readonly environments: readonly string[];
  readonly template?: TemplateWords | undefined;
  readonly hosts: readonly { readonly name: string; readonly place: string }[];
}

/** A project out of a few words, and a template where there is one. Pure. */
export function startFromWords({
  project,
  region,
  profile,
  environments,
  template,
  hosts,
}: WordsOrder): Start {
  return {
    draft: {
      from: template?.path ?? 'nothing',
      project,
      ...(region ? { region } : {}),
      ...(profile ? { profile } : {}),
      environments: environments.map((name) => ({
        name,
        about: isLive(name) ? 'Chosen with --env.' : 'Its overrides of all that is below go here.',
        ...(isLive(name) ? { protected: true } : {}),
        stacks: [],
      })),
      stacks: template
        ? [{ name: 'app', template: template.path, parameters: openParameters(template, {}), tags: {} }]
        : [],
      hosts: hosts.map(({ name, place }): DraftHost => {
        const instance = /^i-[0-9a-f]{8,17}$/.test(place);
        return {
          name,
          about: 'Named when the project was started.',
          ...(instance ? { instance: place } : { address: place }),
        };
      }),
      functions: [],
    },
    secrets: [],
    files: [],
    remarks: template ? wantedWords(Object.keys(openParameters(template, {}))) : [],
  };
}
