/** A member of an auto scaling group. */
export interface RollMember {
  /** The id of the instance. */
  readonly id: string;
  /** `InService`, `Standby`, `EnteringStandby`, `Pending`, `Pending:Wait`, `Terminating`, … */
  readonly lifecycle: string;
  readonly healthy: boolean;
}

export interface RollGroup {
  readonly name: string;
  readonly min: number;
  readonly desired: number;
  readonly members: readonly RollMember[];
  /** A load balancer sends its members requests: a target group, a Classic Load Balancer, VPC Lattice. */
  readonly balanced: boolean;
  /** ARNs of the target groups that its members are registered with. */
  readonly targetGroups: readonly string[];
  /** What stands in the tag of a release that is under way. */
  readonly mark?: string | undefined;
}

export interface TargetState {
  /** `initial`, `healthy`, `unhealthy`, `draining`, `unused`, … */
  readonly state: string;
  /** `Target.NotInUse`: no load balancer uses the target group. */
  readonly reason?: string | undefined;
}

/** Auto Scaling and Elastic Load Balancing, as far as releasing to a group needs them. */
export interface RollPort {
  /** DescribeAutoScalingGroups; undefined when there is none of that name. */
  group(name: string): Promise<RollGroup | undefined>;
  /**
   * EnterStandby with the desired capacity lowered, so that nothing is launched in their place.
   *
   * @returns false where a member is not there, or not in service, any more
   */
  leave(name: string, members: readonly string[]): Promise<boolean>;
  /** ExitStandby, which raises the desired capacity again; those that are not in standby are left alone. */
  join(name: string, members: readonly string[]): Promise<void>;
  /** UpdateAutoScalingGroup. */
  setMin(name: string, min: number): Promise<void>;
  /** CreateOrUpdateTags, or DeleteTags without a text. */
  setMark(name: string, text: string | undefined): Promise<void>;
  /** DescribeTargetHealth; a member that is not registered is left out. */
  health(targetGroup: string, members: readonly string[]): Promise<ReadonlyMap<string, TargetState>>;
}
