/** What AWS's codes of a failed start mean, and what to do. Pure. */

export interface Reason {
  readonly code: string;
  readonly message: string;
}

export interface Cause {
  /** One sentence; undefined when only AWS's own words are known. */
  readonly words: string | undefined;
  readonly suggestions: readonly string[];
  /** Another type or zone may have what this one lacks. */
  readonly capacity: boolean;
}

interface Known {
  readonly pattern: RegExp;
  readonly words: string;
  readonly suggestions: (id: string) => readonly string[];
  readonly capacity?: boolean;
}

/** https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/troubleshooting-launch.html and the API's error codes. */
const KNOWN: readonly Known[] = [
  {
    pattern: /InsufficientInstanceCapacity|InsufficientHostCapacity|Server\.InsufficientCapacity/,
    words: 'AWS has no machine of this type free in this zone at the moment.',
    suggestions: () => ['Try again in a few minutes: capacity comes and goes.'],
    capacity: true,
  },
  {
    pattern: /^Unsupported(\b|Operation)|InsufficientCapacityOnHost/,
    words: 'This type is not offered in this zone, or not with these settings.',
    suggestions: () => [],
    capacity: true,
  },
  {
    pattern: /VcpuLimitExceeded|InstanceLimitExceeded|MaxSpotInstanceCountExceeded/,
    words: 'The account has reached its limit of running vCPUs for this family of types.',
    suggestions: () => [
      'Stop what is not needed: infractl manage status',
      'Or ask for more: Service Quotas, Amazon EC2, "Running On-Demand … instances" (answered within minutes to days).',
    ],
  },
  {
    pattern: /KMS|Client\.InternalError/i,
    words:
      'A volume is encrypted with a KMS key that EC2 may not use: the key is disabled, deleted, or its grant or policy leaves out who starts the instance.',
    suggestions: (id) => [
      `Which key it is: aws ec2 describe-volumes --filters Name=attachment.instance-id,Values=${id} --query "Volumes[].KmsKeyId"`,
      'Enable the key, or allow kms:CreateGrant and kms:Decrypt on it; then start again.',
    ],
  },
  {
    pattern: /VolumeLimitExceeded/,
    words: 'The account has reached its limit of EBS storage in this region.',
    suggestions: () => ['Delete volumes that nothing uses, or ask for more in Service Quotas, Amazon EBS.'],
  },
  {
    pattern: /InvalidSnapshot|InvalidVolume|Volume.*(NotFound|in-use)/,
    words: 'A volume or a snapshot that the instance needs is gone.',
    suggestions: () => ['Restore it from a backup: infractl backup list'],
  },
  {
    pattern: /SpotInstance/,
    words: 'It is a spot instance, and AWS took its machine back.',
    suggestions: () => ['AWS starts it again when there is room at its price.'],
  },
  {
    pattern: /InstanceInitiatedShutdown/,
    words: 'The system on it shut itself down: its boot failed, or a script of it stops the machine.',
    suggestions: (id) => [
      `What it wrote while it booted: aws ec2 get-console-output --latest --instance-id ${id}`,
    ],
  },
  {
    pattern: /UserInitiatedShutdown/,
    words: 'Somebody stopped it, or a schedule did.',
    suggestions: (id) => [
      'Schedules: infractl manage schedule list',
      `Who: aws cloudtrail lookup-events --lookup-attributes AttributeKey=ResourceName,AttributeValue=${id}`,
    ],
  },
  {
    pattern: /ScheduledStop|ScheduledReboot|Maintenance/,
    words: 'AWS stopped it: the machine below it is to be repaired or retired.',
    suggestions: () => ['Start it again: it comes up on another machine.'],
  },
  {
    pattern: /Server\.InternalError|^InternalError/,
    words: 'The machine below it failed.',
    suggestions: () => ['Start it again: it comes up on another machine.'],
  },
  {
    pattern: /InvalidInstanceID\.NotFound|InvalidInstanceID/,
    words: 'There is no such instance in this account and region, or it was terminated an hour or more ago.',
    suggestions: () => ['Check the id, the profile and the region.'],
  },
  {
    pattern: /IncorrectInstanceState|IncorrectState/,
    words: 'It was not in a state for this any more.',
    suggestions: () => ['See how it is: infractl manage status'],
  },
];

/** The likely cause behind a StateReason or an error of StartInstances. */
export function causeOf(reason: Reason, id: string): Cause {
  const text = `${reason.code} ${reason.message}`;
  const known = KNOWN.find(({ pattern }) => pattern.test(reason.code) || pattern.test(text));
  return {
    words: known?.words,
    suggestions: known?.suggestions(id) ?? [],
    capacity: known?.capacity ?? false,
  };
}

/** Families that can take each other's place: the same architecture, about the same machine. */
const FAMILIES: readonly (readonly string[])[] = [
  ['t3', 't3a', 't2'],
  ['t4g'],
  ['m7i', 'm6i', 'm5', 'm7a', 'm6a', 'm5a'],
  ['c7i', 'c6i', 'c5', 'c7a', 'c6a', 'c5a'],
  ['r7i', 'r6i', 'r5', 'r7a', 'r6a', 'r5a'],
  ['m8g', 'm7g', 'm6g'],
  ['c8g', 'c7g', 'c6g'],
  ['r8g', 'r7g', 'r6g'],
];

/** Types of the same size and architecture that may have room: `t3.small` → `t3a.small`, `t2.small`. */
export function alternatives(type: string): string[] {
  const [family = '', size = ''] = type.split('.');
  return (FAMILIES.find((group) => group.includes(family)) ?? [])
    .filter((other) => other !== family)
    .map((other) => `${other}.${size}`);
}

/** What to offer on a lack of capacity, from who offers what where. */
export function offers(
  { id, type, zone }: { readonly id: string; readonly type: string; readonly zone: string },
  offered: ReadonlyMap<string, readonly string[]>,
): string[] {
  const here = alternatives(type).filter((other) => offered.get(other)?.includes(zone));
  const elsewhere = (offered.get(type) ?? []).filter((other) => other !== zone);
  return [
    ...(here[0]
      ? [
          `Other types of that size in ${zone}: ${here.join(', ')}. Change it: aws ec2 modify-instance-attribute --instance-id ${id} --instance-type ${here[0]}`,
        ]
      : []),
    ...(elsewhere.length > 0
      ? [
          `${type} is offered in ${elsewhere.join(', ')} too: an instance gets there by a backup restored to a new instance.`,
        ]
      : []),
  ];
}
