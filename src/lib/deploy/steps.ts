import type { Outcome } from '../base/report.ts';
import { bytes, joinUrl, plural } from '../base/text.ts';
import { otherEnvironments } from '../project/index.ts';
import { type PartId, type Project, partKey } from '../project/model.ts';
import { ENVIRONMENT_TAG, PART_TAG, PROJECT_TAG } from '../stacks/index.ts';
import { partBehind } from './behind.ts';
import { ageOfImage, type Known, outputsOf } from './known.ts';
import type { Kept } from './ledger.ts';
import { ReleaseSteps } from './release-steps.ts';
import type { Services } from './services.ts';
import { SiteSteps } from './site-steps.ts';
import type { Undo } from './taking-back.ts';
import type { DeployContext } from './types.ts';

/** What making a part true did. */
export interface Done {
  readonly outcome: Outcome;
  readonly detail?: string;
  readonly before?: Readonly<Record<string, unknown>>;
  readonly after?: Readonly<Record<string, unknown>>;
  /** How to take it back, where that can be done. */
  readonly undo?: Undo;
  /** The part as it is configured, for the journal. References stand as they are written: no secret. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** What a rollback to this state needs beside the journal. */
  readonly keep?: readonly Kept[];
}

/** How each kind of part is made true. Reads from and adds to what the run knows. */
export class Steps {
  readonly #context: DeployContext;
  readonly #known: Known;
  readonly #services: Services;
  readonly sites: SiteSteps;
  readonly releases: ReleaseSteps;

  constructor(context: DeployContext, known: Known, services: Services) {
    this.#context = context;
    this.#known = known;
    this.#services = services;
    this.sites = new SiteSteps(context, known, services);
    this.releases = new ReleaseSteps(context, known, services);
  }

  make(id: PartId): Promise<Done | undefined> {
    switch (id.kind) {
      case 'stack':
        return this.#context.options.createStack ? this.#stack(id) : this.#readStack(id);
      case 'image':
        return this.#context.options.skipBuild ? this.#newestImage(id) : this.#image(id);
      case 'function':
        return this.#function(id);
      case 'site':
        return this.sites.make(id);
      case 'release':
        return this.releases.make(id);
      case 'check':
        return this.#check(id);
    }
  }

  async #stack(id: PartId): Promise<Done> {
    const part = partOf(this.#context.project.stacks, id);
    const [{ deployStack }, deps, parameters] = await Promise.all([
      import('../stacks/index.ts'),
      this.#services.stacks(),
      this.#known.parameters(part),
    ]);
    const result = await deployStack(deps, { ...this.stackSpec(id), parameters });
    if (result.outcome !== 'started') this.#known.setOutputs(part.name, result.outputs);
    if (result.outcome !== 'unchanged') this.releases.expectNewHosts();
    return {
      outcome: result.outcome,
      ...(result.changes.length > 0 ? { detail: plural(result.changes.length, 'resource') } : {}),
      after: {
        stackName: part.stackName,
        stackId: result.stackId,
        ...(result.operation ? { operation: result.operation } : {}),
        templateSha256: result.templateSha256,
        parameters: Object.fromEntries(
          Object.entries(parameters).map(([name, { value, secret }]) => [
            name,
            secret ? (part.parameters[name] ?? 'answered') : value,
          ]),
        ),
        outputs: result.outputs,
        changes: result.changes,
      },
      config: configOf(part),
      keep: [keptTemplate(result.templateSha256, result.template)],
    };
  }

  /** All of a stack but its parameters. */
  stackSpec(id: PartId) {
    const part = partOf(this.#context.project.stacks, id);
    return {
      part: partKey(id),
      stackName: part.stackName,
      templateFile: part.template,
      tags: { ...part.tags, ...ownTags(this.#context.project, id) },
      otherEnvironments: otherEnvironments(this.#context.project),
      terminationProtection: part.terminationProtection,
      stackPolicy: part.stackPolicy?.text,
      express: part.express,
      allowReplacement: this.#context.options.allowReplacement,
      careful: this.#context.project.protected && !this.#context.options.yes,
      timeout: part.timeout,
      ...(this.#context.options.detach ? { detach: true } : {}),
      ...(this.#context.options.revertDrift ? { revertDrift: true } : {}),
    };
  }

  /** Without --create-stack a stack is only read, for its outputs. */
  async #readStack(id: PartId): Promise<undefined> {
    const part = partOf(this.#context.project.stacks, id);
    const [{ checkOwner, readStack, whenFree }, deps] = await Promise.all([
      import('../stacks/index.ts'),
      this.#services.stacks(),
    ]);
    let state = await readStack(deps.port, part.stackName);
    // Its outputs name what is changed next: functions and repositories of somebody else must not be.
    const { project } = this.#context;
    if (state) checkOwner(state, project.name, otherEnvironments(project));
    if (state && deps.wait !== undefined) state = await whenFree(deps, partKey(id), state, deps.wait);
    this.#known.setOutputs(
      part.name,
      outputsOf(part, state, this.#context.session.region, this.#context.where),
    );
  }

  async #image(id: PartId): Promise<Done> {
    const [{ publishImage }, deps, spec] = await Promise.all([
      import('../images/index.ts'),
      this.#services.images(),
      this.imageSpec(id),
    ]);
    const image = await publishImage(deps, spec);
    this.#known.setImage(id.name, image.uri);
    const size = image.outcome === 'built' && image.bytes ? `, ${bytes(image.bytes)}` : '';
    return {
      outcome: image.outcome,
      detail: `${shortDigest(image.digest)}${size}`,
      after: { uri: image.uri, tags: image.tags, contentHash: image.contentHash },
      config: configOf(partOf(this.#context.project.images, id)),
    };
  }

  async #newestImage(id: PartId): Promise<Done> {
    const [{ newestImage }, deps, spec] = await Promise.all([
      import('../images/index.ts'),
      this.#services.images(),
      this.imageSpec(id),
    ]);
    const image = await newestImage(deps, spec.repository);
    this.#known.setImage(id.name, image.uri);
    return {
      outcome: 'unchanged',
      detail: `${shortDigest(image.digest)}, the newest in ${spec.repository.name}, ${ageOfImage(image)}`,
      after: { uri: image.uri, tags: image.tags },
      config: configOf(partOf(this.#context.project.images, id)),
    };
  }

  async imageSpec(id: PartId) {
    const part = partOf(this.#context.project.images, id);
    const [{ imageSpec }, repository] = await Promise.all([
      import('../images/index.ts'),
      this.#known.resolve(part.repository),
    ]);
    const secrets = this.#context.redactor;
    return imageSpec(part, repository.value, (name) => {
      const value = this.#context.variable(name);
      // A build argument may be a plain thing such as a base image; what a build secret is named for is not.
      if (value !== undefined && usedAsSecret(part.secrets, name)) secrets.add(value);
      return value;
    });
  }

  async #function(id: PartId): Promise<Done> {
    const [{ revertAlias, updateFunction }, deps, spec] = await Promise.all([
      import('../functions/index.ts'),
      this.#services.functions(),
      this.functionSpec(id),
    ]);
    const result = await updateFunction(deps, spec);
    const { functionName, alias } = spec;
    const { version, previousVersion } = result;
    return {
      outcome: result.outcome,
      detail:
        result.outcome === 'updated' && previousVersion
          ? `version ${previousVersion} → ${version}`
          : `version ${version}`,
      ...(previousVersion ? { before: { version: previousVersion } } : {}),
      after: {
        functionName,
        alias,
        version,
        codeSha256: result.codeSha256,
        ...(result.imageUri ? { imageUri: result.imageUri } : {}),
        ...('zip' in spec.code ? { zipKey: zipKey(spec.code.zip.sha256) } : {}),
      },
      config: configOf(partOf(this.#context.project.functions, id)),
      ...('zip' in spec.code ? { keep: [keptZip(spec.code.zip)] } : {}),
      ...(result.outcome === 'updated' && previousVersion
        ? {
            undo: {
              part: partKey(id),
              name: functionName,
              to: `version ${previousVersion}`,
              back: () => revertAlias(deps, { functionName, alias, version: previousVersion }),
              byHand: `aws lambda update-alias --function-name ${functionName} --name ${alias} --function-version ${previousVersion}`,
            },
          }
        : {}),
    };
  }

  async functionSpec(id: PartId) {
    const part = partOf(this.#context.project.functions, id);
    const [name, code] = await Promise.all([this.#known.resolve(part.functionName), this.#code(part.code)]);
    return { part: partKey(id), functionName: name.value, alias: part.alias, code, timeout: part.timeout };
  }

  async #code(
    code: { readonly image: string } | { readonly zip: string; readonly exclude: readonly string[] },
  ) {
    if ('image' in code) return { imageUri: (await this.#known.resolve({ image: code.image })).value };
    const { codeArchive } = await import('../artifacts/index.ts');
    return { zip: await codeArchive(code.zip, { exclude: code.exclude }) };
  }

  async #check(id: PartId): Promise<Done> {
    const { project, where } = this.#context;
    const part = partOf(project.checks, id);
    const [{ runCheck }, base] = await Promise.all([
      import('../checks/index.ts'),
      this.#known.resolve(part.url),
    ]);
    const { clock, signal, reporter } = this.#context;
    const url = joinUrl(base.value, part.path);
    const behind = partBehind(project, part.url);
    const result = await runCheck(
      { clock, signal, reporter },
      {
        part: partKey(id),
        url,
        expect: part.expect,
        timeout: part.timeout,
        ...(part.contains ? { contains: part.contains } : {}),
        log: `infractl logs ${behind ? `${behind} ` : ''}--since 10m${where ?? ''}`,
      },
    );
    const tries = result.attempts > 1 ? ` after ${result.attempts} tries` : '';
    return {
      outcome: 'passed',
      detail: `${result.status} from ${url}${tries}`,
      after: { url, status: result.status },
      config: configOf(part),
    };
  }
}

/** A part for the journal, without the paths of this machine. */
function configOf(part: object): Readonly<Record<string, unknown>> {
  const { template: _, context: __, dockerfile: ___, ...config } = part as Record<string, unknown>;
  return config;
}

export function keptTemplate(sha256: string, text: string): Kept {
  return { key: `templates/${sha256}.yaml`, body: text, contentType: 'text/yaml' };
}

export function zipKey(sha256: string): string {
  return `functions/${sha256}.zip`;
}

function keptZip({ sha256, bytes }: { readonly sha256: string; readonly bytes: Uint8Array }): Kept {
  return { key: zipKey(sha256), body: bytes, contentType: 'application/zip' };
}

/** The tags by which infractl knows its own stacks again. */
export function ownTags(project: Project, id: PartId): Record<string, string> {
  return {
    [PROJECT_TAG]: project.name,
    [ENVIRONMENT_TAG]: project.environment,
    [PART_TAG]: id.name,
  };
}

/** A part of the graph, in its section. The graph is made from the sections, so it is there. */
export function partOf<T>(section: ReadonlyMap<string, T>, id: PartId): T {
  return section.get(id.name) as T;
}

export function shortDigest(digest: string): string {
  return digest.slice(0, 'sha256:'.length + 12);
}

function usedAsSecret(secrets: Readonly<Record<string, object>>, variable: string): boolean {
  return Object.values(secrets).some((source) => 'env' in source && source.env === variable);
}
