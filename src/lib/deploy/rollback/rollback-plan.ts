import { isInfractlError } from '../../base/errors.ts';
import { listed, plural } from '../../base/text.ts';
import type { Graph } from '../../project/index.ts';
import { collectReferences, otherEnvironments } from '../../project/index.ts';
import { type PartId, type PartKind, partKey } from '../../project/model.ts';
import type { EntryDiff, StackDiff } from '../../stacks/index.ts';
import { type Known, NotYetKnown } from '../known.ts';
import type { Services } from '../services.ts';
import { partOf, shortDigest } from '../steps.ts';
import type { DeployContext, FileChange } from '../types.ts';
import type { PastSteps, Span } from './past-steps.ts';

/** What a rollback would do with one part. */
export interface PlannedPart {
  readonly part: string;
  readonly kind: PartKind;
  /** `stays`: it was not there then, or was not asked for. `blocked`: it cannot go back. */
  readonly change: 'back' | 'create' | 'unchanged' | 'check' | 'stays' | 'blocked';
  readonly detail?: string;
  /** Of a stack that goes back: property by property, told from the templates of then and now. */
  readonly diff?: StackDiff;
  /** Of a stack: resources that hold data and are made anew or deleted by it, with what becomes of the data. */
  readonly data?: readonly { readonly resource: string; readonly type: string; readonly becomes: string }[];
  /** Of a stack: parameters that keep the value of now, since that of then is kept nowhere. */
  readonly keeps?: readonly string[];
  /** Of a site: each file that changes. */
  readonly files?: readonly FileChange[];
}

type Plan = Pick<PlannedPart, 'change' | 'detail' | 'diff' | 'data' | 'keeps' | 'files'>;

/** Finds out, by reading calls alone, what going back would do and what cannot go back. */
export class RollbackPlanner {
  readonly #context: DeployContext;
  readonly #known: Known;
  readonly #services: Services;
  readonly #steps: PastSteps;
  readonly #span: Span;
  readonly #acts: (id: PartId) => boolean;
  readonly #missingImages = new Set<string>();

  constructor(
    given: { readonly context: DeployContext; readonly known: Known; readonly services: Services },
    steps: PastSteps,
    span: Span,
    acts: (id: PartId) => boolean,
  ) {
    this.#context = given.context;
    this.#known = given.known;
    this.#services = given.services;
    this.#steps = steps;
    this.#span = span;
    this.#acts = acts;
  }

  async plan(graph: Graph): Promise<PlannedPart[]> {
    const planned: PlannedPart[] = [];
    for (const id of graph.nodes) {
      const plan = await this.#part(id).catch((error: unknown): Plan => {
        // What stands in the way of one part is told with what stands in the way of the others.
        if (isInfractlError(error) && BLOCKS.test(error.code))
          return { change: 'blocked', detail: [error.message, error.why].filter(Boolean).join(' ') };
        throw error;
      });
      planned.push({ part: partKey(id), kind: id.kind, ...plan });
    }
    for (const [part] of this.#span.now) {
      if (this.#span.past.has(part) || part.startsWith('check ')) continue;
      const kind = part.slice(0, part.indexOf(' ')) as PartKind;
      planned.push({ part, kind, change: 'stays', detail: 'was not there then; a rollback deletes no part' });
    }
    return planned;
  }

  async #part(id: PartId): Promise<Plan> {
    if (id.kind === 'check') return { change: 'check' };
    if (id.kind === 'image') return this.#image(id);
    if (id.kind === 'site') return this.#site(id);
    if (id.kind === 'release') return this.#release(id);
    return id.kind === 'stack' ? this.#stack(id) : this.#function(id);
  }

  async #stack(id: PartId): Promise<Plan> {
    const { stackName, parameters } = partOf(this.#context.project.stacks, id);
    const [{ checkOwner, diffStack }, deps] = await Promise.all([
      import('../../stacks/index.ts'),
      this.#services.stacks(),
    ]);
    const state = await deps.port.stack(stackName);
    const { project } = this.#context;
    if (state) checkOwner(state, project.name, otherEnvironments(project));
    // One that is made again has other outputs then.
    if (state) this.#known.setOutputs(id.name, state.outputs);
    if (!this.#acts(id)) return { change: 'stays', detail: 'was not asked for' };
    const spec = await this.#steps.stackSpec(id, state);
    // Reading alone: a change set would be one more thing that can fail while something is broken already.
    const diff = await diffStack(deps, { spec, changeSet: false });
    const { previous = [] } = spec;
    const keeps = previous.length > 0 ? { keeps: previous } : {};
    if (diff.change === 'unchanged') return { change: 'unchanged', ...keeps };
    const images = Object.values(parameters).flatMap(collectReferences);
    const gone = images.flatMap((one) =>
      'image' in one && this.#missingImages.has(one.image) ? [one.image] : [],
    );
    if (gone.length > 0)
      return {
        change: 'blocked',
        detail: `the image ${gone[0]} of that time is not in its repository any more`,
      };
    const detail = diffWords(diff);
    if (diff.change === 'create')
      return {
        change: 'create',
        detail: `made new, empty: data that it held is not brought back; ${detail}`,
      };
    const data = diff.resources.flatMap(({ path, type, dataLoss }) =>
      dataLoss ? [{ resource: path, type, becomes: dataLoss }] : [],
    );
    return {
      change: 'back',
      ...(detail ? { detail } : {}),
      diff,
      ...(data.length > 0 ? { data } : {}),
      ...keeps,
    };
  }

  async #image(id: PartId): Promise<Plan> {
    const uri = String(this.#steps.past(id).after?.uri);
    this.#known.setImage(id.name, uri);
    const digest = shortDigest(uri.split('@')[1] ?? '');
    if (await this.#steps.imageIsThere(uri)) return { change: 'unchanged', detail: digest };
    this.#missingImages.add(id.name);
    return { change: 'stays', detail: `${digest} is not in its repository any more` };
  }

  async #site(id: PartId): Promise<Plan> {
    if (!this.#acts(id)) return { change: 'stays', detail: 'was not asked for' };
    return this.#steps.sites.planBack(id, this.#steps.past(id));
  }

  async #release(id: PartId): Promise<Plan> {
    if (!this.#acts(id)) return { change: 'stays', detail: 'was not asked for' };
    return this.#steps.releases.plan(id, this.#steps.past(id));
  }

  /** Of a function whose stack is made again, the name that it had. */
  async #nameNow(id: PartId): Promise<string> {
    try {
      return (await this.#known.resolve(partOf(this.#context.project.functions, id).functionName)).value;
    } catch (error) {
      if (error instanceof NotYetKnown) return String(this.#steps.past(id).after?.functionName);
      throw error;
    }
  }

  async #function(id: PartId): Promise<Plan> {
    if (!this.#acts(id)) return { change: 'stays', detail: 'was not asked for' };
    const part = partOf(this.#context.project.functions, id);
    const name = await this.#nameNow(id);
    const { port } = await this.#services.functions();
    const [source, alias] = await Promise.all([
      this.#steps.codeSource(id, name),
      port.alias(name, part.alias),
    ]);
    const from = alias ? `version ${alias.version} → ` : '';
    if (source.from === 'version')
      return alias?.version === source.version
        ? { change: 'unchanged', detail: `version ${source.version}` }
        : { change: 'back', detail: `${from}${source.version}` };
    const what = source.from === 'image' ? shortDigest(source.imageUri.split('@')[1] ?? '') : source.key;
    return { change: 'back', detail: `${from}a new version of ${what}: the version of that time is gone` };
  }
}

/** `2 resources to add, 1 to modify (Api), 1 of them replaced; parameters LambdaTimeout`. */
export function diffWords(diff: StackDiff): string {
  const words: string[] = [];
  const actions = [
    ['add', 'to add'],
    ['modify', 'to modify'],
    ['remove', 'to remove'],
  ] as const;
  for (const [action, phrase] of actions) {
    const paths = diff.resources.filter((one) => one.action === action).map(({ path }) => path);
    if (paths.length === 0) continue;
    words.push(
      `${plural(paths.length, 'resource')} ${phrase}${paths.length <= 4 ? ` (${listed(paths)})` : ''}`,
    );
  }
  const replaced = diff.resources.filter(({ replacement }) => replacement === 'always').length;
  if (replaced > 0) words.push(plural(replaced, 'replacement'));
  const named = (title: string, entries: readonly EntryDiff[]) => {
    const names = entries.filter(({ unknown }) => !unknown).map(({ name }) => name);
    if (names.length > 0) words.push(`${title} ${listed(names)}`);
  };
  named('parameters', diff.parameters);
  named('outputs', diff.outputs);
  named('tags', diff.tags);
  const open = diff.parameters.filter(({ unknown }) => unknown).map(({ name }) => name);
  if (open.length > 0) words.push(`cannot be compared: ${listed(open)}`);
  return [...words, ...diff.notes].join('; ');
}

/** Errors about one part that do not keep the others from being looked at. */
const BLOCKS =
  /^(TemplateGone|ParametersUnknown|CodeGone|ReleaseGone|SiteBucketMissing|NotOurBucket|WrongDistribution|ParametersInvalid|MissingReference|MissingVariable|SecretNotFound|SecretKeyNotFound|ParameterNotFound|NotYetKnown)$/;
