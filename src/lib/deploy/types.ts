import type { AwsSession } from '../aws/session.ts';
import type { Clock } from '../base/clock.ts';
import type { Redactor } from '../base/redact.ts';
import type { Outcome, Reporter } from '../base/report.ts';
import type { CostChange } from '../costs/index.ts';
import type { PartId, PartKind, Project } from '../project/model.ts';
import type { StackDeps, Weigh } from '../stacks/index.ts';
import type { Known } from './known.ts';
import type { OpenReleases } from './release-port.ts';
import type { Services } from './services.ts';
import type { Steps } from './steps.ts';

export interface DeployOptions {
  /** The parts to deploy, with all that they need; all when empty. */
  readonly parts: readonly PartId[];
  /** Create and update the stacks too; otherwise they are only read. */
  readonly createStack: boolean;
  /** Use the newest pushed images and build none. */
  readonly skipBuild: boolean;
  /** Put back what was changed past the stacks. */
  readonly revertDrift?: boolean;
  /** Resources with data that may be replaced or deleted: `Table`, `app/Table`. */
  readonly allowReplacement?: readonly string[];
  /** Somebody said that resources of a protected environment may be replaced and removed. */
  readonly yes?: boolean;
  /** Begin what stacks need and leave them to AWS. */
  readonly detach?: boolean;
  /** Release nothing to hosts. */
  readonly skipReleases?: boolean;
  /** Say what would happen; make no call that changes anything. */
  readonly dryRun: boolean;
}

/** A template parameter that nobody has given a value. */
export interface MissingParameter {
  readonly stack: string;
  readonly name: string;
  readonly description?: string;
  readonly secret: boolean;
  /** What is wrong with an answer, in a sentence; undefined when the template takes it. */
  readonly problem: (answer: string) => string | undefined;
}

export interface DeployDeps {
  readonly session: AwsSession;
  readonly reporter: Reporter;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly redactor: Redactor;
  readonly env: NodeJS.ProcessEnv;
  /** An environment variable, or a line of `.env.secrets`. */
  readonly variable: (name: string) => string | undefined;
  /** Asks for a parameter's value; absent where nobody can be asked. */
  readonly ask?: (parameter: MissingParameter) => Promise<string>;
  /** The flags that lead a further command to the same place, each after a space: ` --env prod`. */
  readonly where?: string;
  /** What was chosen when the signal was aborted: what AWS does goes on, or is taken back. Default: it goes on. */
  readonly interruption?: () => 'leave' | 'cancel';
  /** The way to hosts; absent for what releases nothing to them. */
  readonly releases?: OpenReleases;
  /** Decides how a stack that is stuck gets on; absent: nobody does. */
  readonly decide?: StackDeps['decide'];
  /** How long to wait for somebody else who changes the same environment, in milliseconds; absent: not at all. */
  readonly wait?: number | undefined;
  /** Take no lock: for credentials that may not use the bucket. */
  readonly withoutLock?: boolean | undefined;
  /** The time by which the lock shows that this process is alive. Default: the machine's own. */
  readonly pulse?: Clock;
  /** What was typed, for the journal: `deploy --create-stack`. */
  readonly commandLine: string;
  /** The version of infractl, for the journal. */
  readonly version: string;
}

/** What a dry run says would happen to a part. */
export type Planned = 'create' | 'update' | 'build' | 'unchanged' | 'unknown' | 'check';

/** What a deploy does to one file of a site. */
export interface FileChange {
  readonly path: string;
  /** `mended`: it was changed by hand, and is put back. `headers`: its bytes stay as they are. */
  readonly change: 'new' | 'changed' | 'headers' | 'mended' | 'removed';
}

/** What happened to one part. */
export interface PartOutcome {
  /** `stack app`, `image api`. */
  readonly part: string;
  readonly kind: PartKind;
  readonly outcome: Outcome | 'failed' | 'skipped' | Planned;
  readonly detail?: string;
  /** Milliseconds. */
  readonly ms: number;
  /** Facts for the journal: digests, versions, hashes, names of parameters. Never a secret. */
  readonly before?: Readonly<Record<string, unknown>>;
  readonly after?: Readonly<Record<string, unknown>>;
  /** Of a site in a dry run: each file that would change. */
  readonly files?: readonly FileChange[];
}

export interface DeployResult {
  readonly project: string;
  readonly environment: string;
  readonly region: string;
  readonly dryRun: boolean;
  readonly changed: boolean;
  readonly parts: readonly PartOutcome[];
  /** Stack → output → value. */
  readonly outputs: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** What the changes do to the costs of the stacks; absent where no stack was looked into. */
  readonly costs?: CostChange;
  /** The entry in the journal; absent when nothing was changed. */
  readonly journal?: string;
  /** Milliseconds. */
  readonly ms: number;
}

export interface DeployContext extends DeployDeps {
  readonly project: Project;
  readonly options: DeployOptions;
  /** Told what stacks are made of before and after. */
  readonly weigh?: Weigh;
  /** For a rollback: how each part is made as it was. */
  readonly recipe?: Recipe;
  /** Of a rollback, for the journal: the run that is taken back, and the one that is gone back to. */
  readonly undoes?: { readonly rollbackOf: string; readonly rollbackTo: string };
}

/** Another way to make the parts of a project true than from this folder. */
export interface Recipe {
  /** Whether it changes a part; others are only read. */
  acts(id: PartId): boolean;
  /** Asked once under the lock, before the first change. Throws where what was agreed to is not what it would do now. */
  holdsStill(): Promise<void>;
  /** @param given what a deploy makes its parts with */
  open(given: {
    readonly context: DeployContext;
    readonly known: Known;
    readonly services: Services;
  }): Pick<Steps, 'make'>;
}
