/** How one thing is that infractl's work depends on. */
export interface Checkup {
  /** What belongs together: the machine, the project, AWS. */
  readonly group: 'machine' | 'project' | 'aws';
  readonly name: string;
  /** `skipped`: it cannot be looked at here, or nothing needs it. */
  readonly verdict: 'good' | 'warning' | 'bad' | 'skipped';
  readonly said: string;
  /** What to do, a line each; empty where all is well. */
  readonly mend: readonly string[];
}

/** A checkup without its place, as the judges give it. */
export type Judged = Pick<Checkup, 'verdict' | 'said'> & { readonly mend?: readonly string[] };

/** What a project needs of the machine and of AWS. */
export interface Needs {
  readonly images: boolean;
  readonly hosts: boolean;
  readonly git: boolean;
  readonly sandbox: boolean;
}

export type SimulatedDecision = 'allowed' | 'implicitDeny' | 'explicitDeny';

/** IAM, as far as asking what somebody may do needs it. */
export interface PermissionsPort {
  /**
   * IAM SimulatePrincipalPolicy, for all resources (`*`).
   *
   * @param principal ARN of a user or a role
   */
  simulate(principal: string, actions: readonly string[]): Promise<ReadonlyMap<string, SimulatedDecision>>;
  /** The ARN of a role with its path, which the ARN of its sessions lacks: IAM GetRole. */
  roleArn(name: string): Promise<string>;
}
