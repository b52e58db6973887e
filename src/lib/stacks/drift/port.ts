/** One property that is not what the template said: an entry of `PropertyDifferences`. */
export interface PropertyDifference {
  /** AWS's path: `/Environment/Variables/STAGE`. */
  readonly path: string;
  readonly kind: 'changed' | 'added' | 'removed';
  /** As AWS writes values: scalars as text, everything else as JSON. */
  readonly expected: string;
  readonly actual: string;
}

/** A resource as DescribeStackResourceDrifts shows it. */
export interface ResourceDrift {
  readonly logicalId: string;
  readonly physicalId: string;
  readonly type: string;
  /** `IN_SYNC`, `MODIFIED`, `DELETED`, `UNKNOWN`, `UNSUPPORTED`, `NOT_CHECKED`. */
  readonly status: string;
  readonly reason?: string;
  readonly differences: readonly PropertyDifference[];
}

export interface Detection {
  readonly status: 'running' | 'complete' | 'failed';
  readonly reason?: string;
}

/** The calls of CloudFormation that drift needs beside those of every stack. */
export interface DriftPort {
  /** DetectStackDrift. Undefined: somebody else's detection of the same stack runs. */
  detectDrift(stack: string): Promise<string | undefined>;
  /** DescribeStackDriftDetectionStatus. */
  detection(id: string): Promise<Detection>;
  /** DescribeStackResourceDrifts, all pages. */
  resourceDrifts(stack: string): Promise<readonly ResourceDrift[]>;
  /** GetTemplate as it was carried out, macros expanded (stage `Processed`). */
  processedTemplate(stack: string): Promise<string | undefined>;
}
