/** A resource that keeps its stack from getting on. */
export interface StuckResource {
  /** As AWS takes it: the logical id; in a nested stack `<name of that stack>.<logical id>`. */
  readonly id: string;
  readonly type: string;
  readonly physicalId: string;
  /** AWS's reason in short. */
  readonly reason: string;
  /** What to do about it. */
  readonly advice: readonly string[];
}

/** A stack that only a person can get on: which way, and what is left out or kept. */
export interface Stuck {
  /** The part's name in messages: `stack app`. */
  readonly part: string;
  readonly stackName: string;
  /** `continue`: finish taking an update back. `finish-deletion`: finish deleting it, then create it. */
  readonly way: 'continue' | 'finish-deletion';
  readonly resources: readonly StuckResource[];
}

/** What was decided: to go on, and the ids of resources to skip (`continue`) or to keep (`finish-deletion`). */
export interface Decision {
  readonly but: readonly string[];
}

/** What skipping or keeping a resource means; said before it is asked for. */
export const MEANING: Readonly<Record<Stuck['way'], string>> = {
  continue:
    'A resource that is skipped stays as it is, and CloudFormation believes that it is as the old template says. ' +
    'Where that is not true, later updates of it may fail: bring it to that state by hand, or see it with infractl drift.',
  'finish-deletion':
    'A resource that is kept stays in the account, belongs to no stack any more, and costs what it costs. ' +
    'A new one of the same name cannot be created beside it.',
};

/** `Bucket (AWS::S3::Bucket): it is stuck`, one a line. */
export function stuckLines({ resources }: Pick<Stuck, 'resources'>): string[] {
  return resources.map(({ id, type, reason }) => `${id} (${type}): ${reason}`);
}
