import type { ArtifactStore } from '../artifacts/index.ts';
import { InfractlError } from '../base/errors.ts';
import { shortId } from '../base/text.ts';
import {
  type JournalEntry,
  listJournal,
  type PastPart,
  readJournal,
  type Standing,
  standingAt,
} from '../journal/index.ts';
import { type PartId, partKey } from '../project/model.ts';
import type { StackState, StacksPort } from '../stacks/index.ts';
import { type Known, NotYetKnown } from './known.ts';
import type { Plan } from './plan.ts';
import { templateKey } from './rollback/past-project.ts';
import { answering } from './seen.ts';
import type { Services } from './services.ts';
import { ownTags, type Steps } from './steps.ts';
import type { DeployContext } from './types.ts';

/** The run that a project is compared with, in place of what is deployed now. */
export type AgainstFacts = Pick<JournalEntry, 'id' | 'command' | 'startedAt' | 'who' | 'result' | 'git'>;

/** What the environment was made of right after a run, for a comparison with this folder: the journal alone. */
export class Against {
  readonly facts: AgainstFacts;
  readonly port: StacksPort;
  readonly #standing: Standing;

  private constructor(context: DeployContext, store: ArtifactStore, entry: JournalEntry, parts: Standing) {
    const { id, command, startedAt, who, result, git } = entry;
    this.facts = { id, command, startedAt, who, result, ...(git ? { git } : {}) };
    this.#standing = parts;
    this.port = answering(async (stack) => {
      const [name] = [...context.project.stacks.values()].flatMap((one) =>
        one.stackName === stack ? [one.name] : [],
      );
      const past = name === undefined ? undefined : parts.get(`stack ${name}`);
      if (name === undefined || !past) return undefined;
      const text = await store.get(templateKey(past));
      if (!text) throw templateGone(name, entry);
      const tags = { ...(past.config?.tags as object), ...ownTags(context.project, { kind: 'stack', name }) };
      return { state: stateOf(stack, past, tags), template: new TextDecoder().decode(text) };
    });
  }

  /**
   * @param wanted the id of a run in the journal, or its last six characters
   * @throws UsageError `JournalEntryNotFound`
   */
  static async open(
    context: DeployContext,
    store: ArtifactStore | undefined,
    wanted: string,
  ): Promise<Against> {
    const { environment } = context.project;
    const entry = await readJournal(store, environment, wanted);
    // Without a store there was no entry to read.
    const there = store as ArtifactStore;
    const entries = await listJournal(there, environment, Number.POSITIVE_INFINITY);
    return new Against(context, there, entry, standingAt(entries.toReversed(), entry.id));
  }

  /** Whether the code of an image or a function in this folder is that of then. */
  async part(
    id: PartId,
    given: { readonly known: Known; readonly services: Services; readonly steps: Steps },
  ): Promise<Plan> {
    const past = this.#standing.get(partKey(id));
    if (!past) return { outcome: id.kind === 'image' ? 'build' : 'create', detail: 'was not there then' };
    try {
      if (id.kind === 'image') return await image(id, past, given);
      if (id.kind === 'function') return await functionCode(id, past, given);
    } catch (error) {
      if (error instanceof NotYetKnown) return { outcome: 'unknown', detail: error.message };
      throw error;
    }
    return { outcome: 'unknown', detail: 'The journal does not say.' };
  }
}

type Given = Parameters<Against['part']>[1];

async function image(id: PartId, past: PastPart, { known, services, steps }: Given): Promise<Plan> {
  const [{ contentOf }, deps, spec] = await Promise.all([
    import('../images/index.ts'),
    services.images(),
    steps.imageSpec(id),
  ]);
  if ((await contentOf(deps, spec)) !== past.after?.contentHash) return { outcome: 'build' };
  known.setImage(id.name, String(past.after?.uri));
  return { outcome: 'unchanged' };
}

async function functionCode(id: PartId, past: PastPart, { steps }: Given): Promise<Plan> {
  const { code } = await steps.functionSpec(id);
  const same =
    'zip' in code ? code.zip.codeSha256 === past.after?.codeSha256 : code.imageUri === past.after?.imageUri;
  return same
    ? { outcome: 'unchanged', detail: `version ${String(past.after?.version)}` }
    : { outcome: 'update', detail: 'code' };
}

/** Of a secret the journal holds the name alone: it counts as AWS shows a hidden parameter. */
function stateOf(stackName: string, { after = {}, config = {} }: PastPart, tags: object): StackState {
  const parameters = Object.entries((after.parameters ?? {}) as Record<string, unknown>);
  return {
    stackId: String(after.stackId ?? stackName),
    stackName,
    status: 'UPDATE_COMPLETE',
    outputs: (after.outputs ?? {}) as StackState['outputs'],
    parameters: Object.fromEntries(
      parameters.map(([name, value]) => [name, typeof value === 'string' ? value : '****']),
    ),
    tags: tags as StackState['tags'],
    terminationProtection: config.terminationProtection === true,
  };
}

function templateGone(name: string, { id }: JournalEntry): InfractlError {
  return new InfractlError({
    code: 'TemplateNotKept',
    message: `The template that the stack ${name} had after the run ${shortId(id)} is not kept any more.`,
    suggestions: ['Compare with a newer run. See which there are: infractl history'],
  });
}
