/** A log group, or the journal of a host, under the name that it is shown by. */
export interface Source {
  readonly name: string;
  /** The group's name; `journal of web` for a host's. */
  readonly group: string;
  /** The host whose journal it is, by its name in infractl.yaml. */
  readonly host?: string;
}

/** A resource of a stack, as far as it tells where its logs are. */
export interface LoggedResource {
  readonly type: string;
  readonly physicalId: string;
}

/** The log groups that a resource writes to: whole names, or the beginning of several. */
export function groupsOf({ type, physicalId }: LoggedResource): { group?: string; prefix?: string } {
  switch (type) {
    case 'AWS::Logs::LogGroup':
      return { group: physicalId };
    case 'AWS::Lambda::Function':
      return { group: `/aws/lambda/${physicalId}` };
    case 'AWS::CodeBuild::Project':
      return { group: `/aws/codebuild/${physicalId}` };
    case 'AWS::ApiGateway::RestApi':
      return { prefix: `API-Gateway-Execution-Logs_${physicalId}/` };
    case 'AWS::RDS::DBInstance':
      return { prefix: `/aws/rds/instance/${physicalId}/` };
    default:
      return {};
  }
}

/** Each group once, under the shortest end of its path that no other one has. */
export function named(groups: readonly string[]): Source[] {
  const all = [...new Set(groups)];
  const parts = all.map((group) => group.split('/').filter(Boolean));
  return all.map((group, index) => {
    const own = parts[index] as string[];
    for (let count = 1; count < own.length; count++) {
      const name = own.slice(-count).join('/');
      const taken = parts.some((other, at) => at !== index && other.slice(-count).join('/') === name);
      if (!taken) return { name, group };
    }
    return { name: own.join('/') || group, group };
  });
}
