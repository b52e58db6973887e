/** What the sandbox cannot do, in words for its users. What AWS says there is AWS's word alone. */
export const SANDBOX_LIMITS: readonly string[] = [
  'Nothing takes time: instances run, snapshots and invalidations are complete, stacks are done at once.',
  'EC2 instances are records without a machine: no SSH, no Systems Manager commands, no console output.',
  'RDS has no database server behind it, an auto scaling group no instances, CloudFront no cache, a website bucket no website.',
  'Snapshots hold no bytes: a volume made of one is empty. Root volumes cannot be replaced, blocks not read.',
  'Permissions are not checked: every call is allowed, also one that IAM would refuse.',
  'Template checks are weaker: capabilities, unknown properties and bogus image or subnet ids are accepted.',
  'Drift is found for 14 types of resources; `deploy --revert-drift` does not put it back.',
  'Deleting is easier: a bucket with objects or an enabled distribution goes with its stack.',
  'No throttling, no quotas, and lists of snapshots, instances and images come in one page.',
  'Functions in Node.js and Python run on the versions of this machine; Java, .NET and Ruby give made-up answers.',
  'Image functions need a container engine, share its network with this machine, and know no Lambda extensions or layers.',
  'Images cannot be pushed to a repository whose name exists in two regions of the sandbox.',
  'A weighted alias sends everything to its main version.',
  'Logs: Insights statistics, metric filters and filter patterns are not reliable. No X-Ray traces.',
  'No prices, costs, quotas, StackSets, Data Lifecycle Manager or image scans.',
  'What changed since the last stop is lost if the sandbox is killed; only S3 objects and image layers are on disk at once.',
];
