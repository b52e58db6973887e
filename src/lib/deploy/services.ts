import type { SharedStore } from '../artifacts/index.ts';
import { outlastThrottling } from '../aws/retry.ts';
import { InfractlError } from '../base/errors.ts';
import type { FunctionDeps } from '../functions/index.ts';
import type { ImageDeps } from '../images/index.ts';
import type { SiteDeps } from '../sites/index.ts';
import type { StackDeps, StacksPort, Weigh } from '../stacks/index.ts';
import { beforeChanges } from './guard.ts';
import { lookupsOf } from './lookups.ts';
import type { OpenReleases, ReleasePort } from './release-port.ts';
import type { DeployDeps } from './types.ts';

/** The calls of each port that change AWS. A login is one: nothing is pushed without it. */
const CHANGES_STACKS = [
  'createChangeSet',
  'executeChangeSet',
  'setStackPolicy',
  'setTerminationProtection',
  'cancelUpdate',
  'continueRollback',
  'deleteStack',
  'discardStack',
] as const;
/** What is asked again and again, by those who know when to give up. */
const POLLED = ['stack', 'events', 'changeSet'] as const;
/** What takes back a change set that was made to look. */
const UNDOING = ['deleteChangeSet', 'hasChangeSets', 'discardStack'] as const;
const CHANGES_IMAGES = ['login', 'deleteImages', 'tagImage'] as const;
const CHANGES_SITES = ['claim', 'put', 'remove', 'upload'] as const;
const CHANGES_RELEASES = ['prepare', 'deploy', 'back'] as const;
const CHANGES_FUNCTIONS = ['updateCode', 'publish', 'createAlias', 'updateAlias'] as const;

type Needs = Pick<
  DeployDeps,
  'session' | 'reporter' | 'clock' | 'signal' | 'env' | 'where' | 'wait' | 'decide' | 'releases'
> & {
  readonly projectName: string;
  /** Sees what stacks answer; or answers itself, where AWS is not to be asked. */
  readonly watch?: (port: StacksPort) => StacksPort;
  readonly weigh?: Weigh | undefined;
};

/**
 * What the capabilities need of the world, each opened on first use: a deploy that builds no image loads
 * no ECR client, and one that changes nothing opens no bucket.
 */
export class Services {
  readonly #needs: Needs;
  readonly #beforeChange: (call: string) => Promise<void>;
  #stacks: Promise<StackDeps> | undefined;
  #images: Promise<ImageDeps> | undefined;
  #functions: Promise<FunctionDeps> | undefined;
  #sites: Promise<SiteDeps> | undefined;
  #releases: Promise<ReleasePort> | undefined;
  #artifacts: Promise<SharedStore> | undefined;

  /** @param beforeChange called before each call that changes AWS; what it throws keeps the call from being made */
  constructor(needs: Needs, beforeChange: (call: string) => Promise<void>) {
    this.#needs = needs;
    this.#beforeChange = beforeChange;
  }

  stacks(): Promise<StackDeps> {
    this.#stacks ??= (async () => {
      const { cloudFormation } = await import('../aws/cloudformation.ts');
      const { session, watch = (port) => port } = this.#needs;
      const port = outlastThrottling(cloudFormation(session), this.#needs, POLLED, UNDOING);
      return {
        ...this.#shared(),
        where: this.#needs.where,
        wait: this.#needs.wait,
        decide: this.#needs.decide,
        weigh: this.#needs.weigh,
        claim: () => this.#beforeChange('executeChangeSet'),
        lookups: lookupsOf(session),
        port: beforeChanges(watch(port), CHANGES_STACKS, this.#beforeChange),
        artifacts: () => this.artifacts(),
        existingArtifacts: () => this.existingArtifacts(),
      };
    })();
    return this.#stacks;
  }

  images(): Promise<ImageDeps> {
    this.#images ??= (async () => {
      const [{ ecrPort }, { dockerCommand }] = await Promise.all([
        import('../aws/ecr.ts'),
        import('../images/index.ts'),
      ]);
      const { env, session, signal } = this.#needs;
      return {
        ...this.#shared(),
        ecr: beforeChanges(ecrPort(session, signal), CHANGES_IMAGES, this.#beforeChange),
        docker: dockerCommand(env),
        env,
      };
    })();
    return this.#images;
  }

  functions(): Promise<FunctionDeps> {
    this.#functions ??= (async () => {
      const { lambdaPort } = await import('../aws/lambda.ts');
      return {
        ...this.#shared(),
        port: beforeChanges(lambdaPort(this.#needs.session), CHANGES_FUNCTIONS, this.#beforeChange),
        artifacts: () => this.artifacts(),
      };
    })();
    return this.#functions;
  }

  sites(): Promise<SiteDeps> {
    this.#sites ??= (async () => {
      const { session, clock, signal } = this.#needs;
      const [{ sitesPort }, { account }] = await Promise.all([
        import('../aws/s3-sites.ts'),
        session.identity(),
      ]);
      return {
        ...this.#shared(),
        port: beforeChanges(sitesPort(session, account, clock, signal), CHANGES_SITES, this.#beforeChange),
        cdn: async () => {
          const { cdnPort } = await import('../aws/cloudfront.ts');
          return beforeChanges(cdnPort(session, signal), ['invalidate'], this.#beforeChange);
        },
        store: () => this.artifacts(),
        existingStore: () => this.existingArtifacts(),
        before: () => this.#beforeChange('publishSite'),
      };
    })();
    return this.#sites;
  }

  releases(given: Parameters<OpenReleases>[0]): Promise<ReleasePort> {
    this.#releases ??= (async () => {
      const { releases } = this.#needs;
      if (releases) return beforeChanges(await releases(given), CHANGES_RELEASES, this.#beforeChange);
      throw new InfractlError({
        code: 'NoWayToHosts',
        message: 'This command does not work on hosts.',
      });
    })();
    return this.#releases;
  }

  /** The project's bucket, made when it is not there. */
  artifacts(): Promise<SharedStore> {
    this.#artifacts ??= (async () => {
      const store = await this.#open(true);
      if (store) return store;
      throw new InfractlError({
        code: 'NoArtifactBucket',
        message: "The project's bucket could not be made.",
      });
    })();
    return this.#artifacts;
  }

  /** The project's bucket if it is there. */
  async existingArtifacts(): Promise<SharedStore | undefined> {
    return this.#artifacts ?? this.#open(false);
  }

  async #open(create: boolean): Promise<SharedStore | undefined> {
    const { openArtifactStore } = await import('../artifacts/index.ts');
    return openArtifactStore(this.#needs.session, this.#needs.projectName, { create });
  }

  #shared() {
    const { reporter, clock, signal } = this.#needs;
    return { reporter, clock, signal };
  }
}
