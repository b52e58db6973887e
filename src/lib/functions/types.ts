import type { ArtifactStore } from '../artifacts/store.ts';
import type { Clock } from '../base/clock.ts';
import type { Reporter } from '../base/report.ts';

/** The code that a function is to run. `Zip` as `codeArchive` gives it. */
export type Code =
  /** The image's URI by digest. */
  | { readonly imageUri: string }
  | { readonly zip: { readonly bytes: Uint8Array; readonly sha256: string; readonly codeSha256: string } };

export interface FunctionSpec {
  /** The part's name in messages: `function api`. */
  readonly part: string;
  /** Name or ARN. */
  readonly functionName: string;
  /** The alias that traffic goes through. */
  readonly alias: string;
  readonly code: Code;
  /** How long to wait until the function is active, in milliseconds. */
  readonly timeout: number;
  /** Said in the published version's description: the commit. */
  readonly description?: string;
}

/** $LATEST or a published version, as GetFunctionConfiguration has it. */
export interface FunctionFacts {
  readonly version: string;
  readonly codeSha256: string;
  readonly packageType: 'Zip' | 'Image';
  readonly revisionId: string | undefined;
  /** Pending, Active, Inactive, Failed. */
  readonly state: string | undefined;
  /** Why it is in its state: code and text. */
  readonly stateReason: Reason;
  /** Successful, InProgress, Failed. */
  readonly updateStatus: string | undefined;
  readonly updateReason: Reason;
  /** The image by digest; known only where GetFunction was asked. */
  readonly imageUri: string | undefined;
  readonly architectures: readonly string[];
  /** The whole answer, to compare versions. It holds the environment's values: never to be shown. */
  readonly configuration: Readonly<Record<string, unknown>>;
}

export interface Reason {
  readonly code: string | undefined;
  readonly text: string | undefined;
}

export interface AliasFacts {
  readonly version: string;
  /** Version → share of the traffic, where an alias splits it. */
  readonly weights: Readonly<Record<string, number>>;
  readonly revisionId: string | undefined;
}

export type Upload =
  | { readonly imageUri: string }
  | { readonly bytes: Uint8Array }
  | { readonly bucket: string; readonly key: string };

/** What functions need of AWS Lambda. Whatever is not there is undefined, not an error. */
export interface FunctionsPort {
  /** GetFunction of $LATEST. */
  latest(functionName: string): Promise<FunctionFacts | undefined>;
  /** GetFunctionConfiguration of $LATEST, of a version, or of the version that an alias is on. */
  configuration(functionName: string, qualifier?: string): Promise<FunctionFacts | undefined>;
  /** GetAlias. */
  alias(functionName: string, alias: string): Promise<AliasFacts | undefined>;
  /** UpdateFunctionCode, refused by AWS when the function has changed since `revisionId`. */
  updateCode(functionName: string, code: Upload, revisionId: string | undefined): Promise<void>;
  /** PublishVersion, refused by AWS when the code is another. @returns the version's number */
  publish(functionName: string, codeSha256: string, description: string): Promise<string>;
  /** CreateAlias. */
  createAlias(functionName: string, alias: string, version: string): Promise<void>;
  /** UpdateAlias: all traffic to one version. */
  updateAlias(
    functionName: string,
    alias: string,
    version: string,
    revisionId: string | undefined,
  ): Promise<void>;
}

export interface FunctionDeps {
  readonly port: FunctionsPort;
  readonly reporter: Reporter;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  /** Where a zip goes that is too large for a request. Asked for only then. */
  readonly artifacts: () => Promise<ArtifactStore>;
}

export interface FunctionResult {
  readonly outcome: 'updated' | 'unchanged';
  /** The version that the alias is on now. */
  readonly version: string;
  /** The version that it was on: what a rollback goes back to. */
  readonly previousVersion?: string;
  readonly codeSha256: string;
  readonly imageUri?: string;
}

export interface FunctionPlan {
  readonly change: 'update' | 'unchanged';
  /** Why, in a few words each: "code", "configuration (MemorySize)", "alias live". */
  readonly reasons: readonly string[];
  /** The version that the alias is on. */
  readonly version?: string;
}
