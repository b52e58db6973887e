import { type Cause, nameOf } from './cause.ts';

/** What stands in the way of a deletion, or of a change of what others use. */
export const DELETING: readonly Cause[] = [
  {
    code: 'ExportInUse',
    words: /Export (?<name>\S+) cannot be (?:deleted|updated|removed) as it is in use by (?<user>.+?)\.?$/,
    why: (_, { name, user }) =>
      `The stack ${user} imports the value ${name}, so it can neither change nor go.`,
    advice: (_, { name, user }) => [
      `The stack ${user} imports ${name}: make it stop using the value, deploy it, then run this again.`,
    ],
  },
  {
    code: 'BucketNotEmpty',
    words: /bucket you tried to delete is not empty|BucketNotEmpty/i,
    why: () => 'AWS deletes no bucket that holds anything, old versions included.',
    advice: (event) => [
      `Empty the bucket first: aws s3 rm s3://${nameOf(event)} --recursive (and its old versions, if it keeps them).`,
    ],
  },
  {
    code: 'RepositoryNotEmpty',
    words: /cannot be deleted because it still contains images|RepositoryNotEmpty/i,
    why: () => 'AWS deletes no repository that holds images.',
    advice: (event) => [
      `Delete the images of the repository ${event.physicalId} first: aws ecr delete-repository --repository-name ${event.physicalId} --force deletes it with them.`,
    ],
  },
  {
    code: 'HostedZoneNotEmpty',
    words: /HostedZoneNotEmpty|non-required resource record sets/i,
    why: () => 'The hosted zone holds records that the stack did not make.',
    advice: (event) => [
      `Delete them first: aws route53 list-resource-record-sets --hosted-zone-id ${nameOf(event)} shows them.`,
    ],
  },
  {
    code: 'Protected',
    words: /deletion ?protection|termination ?protection|DisableApiTermination|disableApiStop/i,
    why: () => 'Somebody switched deletion protection on, so that this does not happen by accident.',
    advice: (event) => [
      `${event.logicalId} is protected against deletion: switch that off first if it is to go.`,
    ],
  },
  {
    code: 'DistributionEnabled',
    words: /distribution you are trying to delete has not been disabled|DistributionNotDisabled/i,
    why: () => 'CloudFront deletes only a distribution that was disabled before.',
    advice: (event) => [`Disable the distribution ${nameOf(event)} first; that takes some minutes.`],
  },
  {
    code: 'EntityHasOthers',
    words: /Cannot delete entity, must (?<what>.+?)(?: first)?\.?$/i,
    why: () => 'Something was attached to it that the stack does not know.',
    advice: (event, { what }) => [`${nameOf(event)}: ${what} first, then run the same command again.`],
  },
  {
    code: 'StateInTheWay',
    handlerCodes: ['ResourceConflict'],
    words:
      /(?:instance|cluster|snapshot).{0,60}not (?:currently )?in (?:the )?available state|Invalid(?:DB)?(?:Instance|Cluster)State|ResourceConflict|OperationAborted|concurrent ?modification|(?:update|operation) is (?:currently )?in progress|Table is being (?:created|updated|deleted)/i,
    why: () => 'Something else is being done to it now, and AWS does one thing at a time.',
    advice: (event) => [
      `Wait until ${nameOf(event)} is available (a backup, a maintenance or another change ends), then run the same command again.`,
    ],
  },
  {
    code: 'FinalSnapshot',
    words:
      /Cannot create the (?:cluster )?snapshot because (?:a snapshot|one) with the identifier (?<name>\S+) already exists|DB(?:Cluster)?SnapshotAlreadyExists/i,
    why: (_, { name }) =>
      `The last snapshot, which is taken at the deletion, could not be made: ${name ? `there is one called ${name}` : 'there is one of that name'} already.`,
    advice: (_, { name }) => [
      `Delete or rename the older snapshot${name ? ` ${name}` : ''}, then run the same command again.`,
    ],
  },
  {
    code: 'NoSnapshotOfIt',
    words: /FinalDBSnapshotIdentifier (?:can ?not be specified|is required)|final snapshot is required/i,
    why: () =>
      'Whether a last snapshot is taken does not fit: of an instance in a cluster, and of a replica, there is none; anything else needs one, or to be told that it needs none.',
    advice: (event) => [
      `Set DeletionPolicy and UpdateReplacePolicy of ${event.logicalId}: Delete for an instance of a cluster or a replica (the cluster has the snapshot), Snapshot for anything else that holds data. Deploy that first.`,
    ],
  },
  {
    code: 'ReplicatedFunction',
    words: /because it is a replicated function/i,
    why: () =>
      'CloudFront holds copies of the function in many places and removes them some hours after nothing uses it.',
    advice: (event) => [
      `Wait some hours after the distribution let go of it, then run the same command again; or leave it behind: add --keep ${event.logicalId} to it.`,
    ],
  },
  {
    code: 'InUse',
    words:
      /has (?:a )?depend|DependencyViolation|(?:still|currently) in use|in use by|is in use|ResourceInUse|DeleteConflict|has some mapped public address|being used|is still using it|are still members of|policy attached to entities/i,
    why: (event) => `Something still uses ${nameOf(event)}, so AWS does not delete it.`,
    advice: (event) => [
      `Something that does not belong to the stack still uses ${nameOf(event)}: remove that first.`,
      ...whoUses(event),
    ],
  },
];

/** How to see what uses it. */
function whoUses({ resourceType, physicalId }: Parameters<Cause['advice']>[0]): string[] {
  const filter: Readonly<Record<string, string>> = {
    'AWS::EC2::SecurityGroup': `group-id,Values=${physicalId}`,
    'AWS::EC2::Subnet': `subnet-id,Values=${physicalId}`,
    'AWS::EC2::VPC': `vpc-id,Values=${physicalId}`,
  };
  const by = filter[resourceType];
  return by && physicalId ? [`See what does: aws ec2 describe-network-interfaces --filters Name=${by}`] : [];
}
