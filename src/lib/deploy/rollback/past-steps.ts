import { createHash } from 'node:crypto';
import { InfractlError } from '../../base/errors.ts';
import { plural, shortId } from '../../base/text.ts';
import type { PastPart, Standing } from '../../journal/index.ts';
import { type PartId, partKey } from '../../project/model.ts';
import type { StackSpec, StackState } from '../../stacks/index.ts';
import type { Known } from '../known.ts';
import type { Services } from '../services.ts';
import { type Done, keptTemplate, partOf, Steps, shortDigest } from '../steps.ts';
import type { DeployContext } from '../types.ts';
import { parameterSource, templateKey } from './past-project.ts';
import { PastReleases } from './past-releases.ts';

/** How a function gets the code that it had. */
export type CodeSource =
  | { readonly from: 'version'; readonly version: string }
  | { readonly from: 'image'; readonly imageUri: string }
  | { readonly from: 'zip'; readonly key: string };

/** The states that a rollback goes between. */
export interface Span {
  readonly past: Standing;
  readonly now: Standing;
}

/** Makes parts as they were, from the journal and from AWS: no file of this machine is read. */
export class PastSteps {
  readonly #context: DeployContext;
  readonly #known: Known;
  readonly #services: Services;
  readonly #steps: Steps;
  readonly #span: Span;
  readonly #acts: (id: PartId) => boolean;
  readonly releases: PastReleases;

  constructor(
    given: { readonly context: DeployContext; readonly known: Known; readonly services: Services },
    span: Span,
    acts: (id: PartId) => boolean,
  ) {
    this.#context = given.context;
    this.#known = given.known;
    this.#services = given.services;
    this.#steps = new Steps(given.context, given.known, given.services);
    this.releases = new PastReleases(this.#steps.releases);
    this.#span = span;
    this.#acts = acts;
  }

  get #where(): string {
    return this.#context.where ?? '';
  }

  get sites(): Steps['sites'] {
    return this.#steps.sites;
  }

  async make(id: PartId): Promise<Done | undefined> {
    if (id.kind === 'image') return this.#image(id);
    if (id.kind === 'check') return this.#steps.make(id);
    if (id.kind === 'site') return this.#acts(id) ? this.#steps.sites.goBack(id, this.past(id)) : undefined;
    if (id.kind === 'release') return this.#acts(id) ? this.releases.goBack(id, this.past(id)) : undefined;
    if (id.kind === 'stack') return this.#acts(id) ? this.#stack(id) : this.#readStack(id);
    return this.#acts(id) ? this.#function(id) : undefined;
  }

  past(id: PartId): PastPart {
    return this.#span.past.get(partKey(id)) as PastPart;
  }

  /**
   * The stack as it was, with every value that can be known.
   *
   * @throws InfractlError `TemplateGone`, `ParametersUnknown`; of the stores that references name
   */
  async stackSpec(id: PartId, state: StackState | undefined): Promise<StackSpec> {
    const past = this.past(id);
    const names = Object.keys((past.after?.parameters as object | undefined) ?? {});
    const now = this.#span.now.get(partKey(id)) ?? 'unknown';
    const previous: string[] = [];
    const lost: string[] = [];
    const parameters: Record<string, { value: string; secret: boolean }> = {};
    const { parameters: configured } = partOf(this.#context.project.stacks, id);
    for (const name of names) {
      const source = parameterSource(name, past, state && name in state.parameters ? now : undefined);
      if (source.from === 'stack') previous.push(name);
      else if (source.from === 'nowhere') lost.push(source.because);
      else if (source.from === 'journal') parameters[name] = { value: source.value, secret: false };
      else parameters[name] = await this.#known.resolve(configured[name] ?? '');
    }
    if (lost.length > 0) throw parametersUnknown(id, lost, this.#where);
    const spec = this.#steps.stackSpec(id);
    return {
      ...spec,
      templateText: await this.#template(past, spec.stackName),
      parameters,
      previous,
      // Protection is a wish of today: going back must not take it off.
      terminationProtection: spec.terminationProtection || state?.terminationProtection,
    };
  }

  /**
   * Where the function's code is to be had.
   *
   * @throws InfractlError `CodeGone`
   */
  async codeSource(id: PartId, functionName: string): Promise<CodeSource> {
    const { after = {} } = this.past(id);
    const { port } = await this.#services.functions();
    const version = String(after.version);
    const old = await port.configuration(functionName, version);
    if (old && old.codeSha256 === after.codeSha256 && old.state !== 'Failed')
      return { from: 'version', version };
    const { imageUri, zipKey } = after;
    if (typeof imageUri === 'string' && (await this.imageIsThere(imageUri)))
      return { from: 'image', imageUri };
    const store = await this.#services.existingArtifacts();
    if (typeof zipKey === 'string' && (await store?.has(zipKey))) return { from: 'zip', key: zipKey };
    throw new InfractlError({
      code: 'CodeGone',
      message: `The ${partKey(id)} cannot go back: its version ${version} is not there any more.`,
      why:
        typeof imageUri === 'string'
          ? `And its image ${imageUri} is not in its repository any more.`
          : "And its archive is not in the project's bucket.",
      suggestions: [
        `Check out the commit of that time and deploy it: infractl deploy${this.#where}`,
        `Or go back without it: name the other parts, as in: infractl rollback ID stack:app${this.#where}`,
      ],
    });
  }

  /** ecr:DescribeImages. */
  async imageIsThere(uri: string): Promise<boolean> {
    const [address = '', digest = ''] = uri.split('@');
    const [{ parseRepository }, { ecr }] = await Promise.all([
      import('../../images/index.ts'),
      this.#services.images(),
    ]);
    try {
      return (await ecr.describeImage(parseRepository(address), { digest })) !== undefined;
    } catch (error) {
      if (error instanceof InfractlError && error.code === 'RepositoryNotFoundException') return false;
      throw error;
    }
  }

  async #stack(id: PartId): Promise<Done> {
    const past = this.past(id);
    const part = partOf(this.#context.project.stacks, id);
    const [{ deployStack }, deps] = await Promise.all([
      import('../../stacks/index.ts'),
      this.#services.stacks(),
    ]);
    const spec = await this.stackSpec(id, await deps.port.stack(part.stackName));
    const result = await deployStack(deps, spec);
    this.#known.setOutputs(part.name, result.outputs);
    if (result.outcome !== 'unchanged') this.#steps.releases.expectNewHosts();
    const recorded = past.after?.parameters as Record<string, unknown>;
    const plain = Object.entries(spec.parameters).flatMap(([name, { value, secret }]) =>
      secret ? [] : [[name, value]],
    );
    return {
      outcome: result.outcome,
      ...(result.changes.length > 0 ? { detail: plural(result.changes.length, 'resource') } : {}),
      after: {
        ...past.after,
        stackId: result.stackId,
        templateSha256: result.templateSha256,
        parameters: { ...recorded, ...Object.fromEntries(plain) },
        outputs: result.outputs,
        changes: result.changes,
      },
      ...(past.config ? { config: past.config } : {}),
      keep: [keptTemplate(result.templateSha256, result.template)],
    };
  }

  /** A stack that stays as it is gives its outputs, where it has any. */
  async #readStack(id: PartId): Promise<undefined> {
    const { stackName } = partOf(this.#context.project.stacks, id);
    const { port } = await this.#services.stacks();
    const state = await port.stack(stackName);
    this.#known.setOutputs(id.name, state?.outputs ?? {});
  }

  async #image(id: PartId): Promise<Done | undefined> {
    const { after, config } = this.past(id);
    const uri = String(after?.uri);
    this.#known.setImage(id.name, uri);
    if (!this.#acts(id)) return undefined;
    return {
      outcome: 'unchanged',
      detail: shortDigest(uri.split('@')[1] ?? ''),
      ...(after ? { after } : {}),
      ...(config ? { config } : {}),
    };
  }

  async #function(id: PartId): Promise<Done> {
    const past = this.past(id);
    const part = partOf(this.#context.project.functions, id);
    const [{ revertAlias, updateFunction }, deps, name] = await Promise.all([
      import('../../functions/index.ts'),
      this.#services.functions(),
      this.#known.resolve(part.functionName),
    ]);
    const functionName = name.value;
    const source = await this.codeSource(id, functionName);
    const config = past.config ? { config: past.config } : {};
    if (source.from === 'version') {
      const { version } = source;
      const { outcome, previousVersion } = await revertAlias(deps, {
        functionName,
        alias: part.alias,
        version,
      });
      return {
        outcome: outcome === 'unchanged' ? 'unchanged' : 'updated',
        detail: outcome === 'unchanged' ? `version ${version}` : `version ${previousVersion} → ${version}`,
        ...(outcome === 'unchanged' ? {} : { before: { version: previousVersion } }),
        after: { ...past.after, functionName },
        ...config,
      };
    }
    const code =
      source.from === 'image' ? { imageUri: source.imageUri } : { zip: await this.#zip(id, source.key) };
    const spec = { part: partKey(id), functionName, alias: part.alias, code, timeout: part.timeout };
    const { outcome, version, previousVersion, codeSha256 } = await updateFunction(deps, {
      ...spec,
      description: `rollback to ${shortId(past.entry)}`,
    });
    return {
      outcome,
      detail: previousVersion ? `version ${previousVersion} → ${version}` : `version ${version}`,
      ...(previousVersion ? { before: { version: previousVersion } } : {}),
      after: { ...past.after, functionName, version, codeSha256 },
      ...config,
    };
  }

  async #zip(id: PartId, key: string) {
    const store = await this.#services.artifacts();
    const bytes = await store.get(key);
    const hash = createHash('sha256').update(bytes ?? '');
    const sha256 = hash.copy().digest('hex');
    if (bytes && key.includes(sha256)) return { bytes, sha256, codeSha256: hash.digest('base64') };
    throw new InfractlError({
      code: 'CodeGone',
      message: `The ${partKey(id)} cannot go back: its archive is not what it was.`,
      why: `s3://${store.bucket}/${key} is missing or damaged.`,
      suggestions: [`Check out the commit of that time and deploy it: infractl deploy${this.#where}`],
    });
  }

  /** As it was sent: kept by the deploy, or still the one that the stack has. */
  async #template(past: PastPart, stackName: string): Promise<string> {
    const key = templateKey(past);
    const store = await this.#services.existingArtifacts();
    const kept = await store?.get(key);
    if (kept) return new TextDecoder().decode(kept);
    const { port } = await this.#services.stacks();
    const deployed = await port.template(stackName);
    if (deployed && key.includes(createHash('sha256').update(deployed).digest('hex'))) return deployed;
    throw new InfractlError({
      code: 'TemplateGone',
      message: `The ${past.part} cannot go back: its template of that time is not kept any more.`,
      why: `${store ? `s3://${store.bucket}/` : ''}${key} is not there.`,
      suggestions: [
        `Check out the commit of that time and deploy it: infractl deploy --create-stack${this.#where}`,
      ],
    });
  }
}

function parametersUnknown(id: PartId, lost: readonly string[], where: string): InfractlError {
  return new InfractlError({
    code: 'ParametersUnknown',
    message: `The ${partKey(id)} cannot go back: values of that time are kept nowhere.`,
    why: lost.join('\n'),
    suggestions: [`Check out the commit of that time and deploy it: infractl deploy --create-stack${where}`],
  });
}
