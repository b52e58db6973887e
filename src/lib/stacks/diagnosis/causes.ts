import type { StackEvent } from '../port.ts';

/** What AWS said of a failure, without its noise. */
export interface Reason {
  readonly text: string;
  /** The class of failure by the resource's handler: `AlreadyExists`, `NotStabilized`, … */
  readonly handlerCode?: string;
}

/** Takes request ids and wrappers off: they help nobody who reads it. */
export function cleanReason(reason: string | undefined): Reason {
  const raw = reason?.trim() ?? '';
  const handlerCode = /HandlerErrorCode:\s*(\w+)/.exec(raw)?.[1];
  let text = raw
    .replace(/\s*\((?:RequestToken|HandlerErrorCode):[^)]*\)/g, '')
    .replace(/\s*\(Service:[^)]*\)/g, '')
    .replace(/\s*\(SDK Attempt Count:[^)]*\)/g, '')
    .replace(/,?\s*\(?RequestId: [0-9a-f-]{36}\)?/gi, '')
    .trim();
  text = /^Resource handler returned message: "([\s\S]*)"$/.exec(text)?.[1]?.trim() ?? text;
  return handlerCode ? { text, handlerCode } : { text };
}

/** The part of an event that advice rests on. */
export type Failed = Pick<StackEvent, 'reason' | 'logicalId' | 'physicalId' | 'resourceType'>;

interface Cause {
  /** Matched against the cleaned reason. */
  readonly words?: RegExp;
  readonly handlerCode?: string;
  /** What to do. `groups` are the named groups of `words`. */
  readonly advice: (event: Failed, groups: Readonly<Record<string, string | undefined>>) => string[];
}

/** The common causes, most particular first: the first that fits gives the advice. */
const CAUSES: readonly Cause[] = [
  {
    words: /Export (?<name>\S+) cannot be (?:deleted|updated|removed) as it is in use by (?<user>.+?)\.?$/,
    advice: (_, { name, user }) => [
      `The stack ${user} imports ${name}: make it stop using the value, deploy it, then run this again.`,
    ],
  },
  {
    words: /No export named (?<name>\S+) found/,
    advice: (_, { name }) => [
      `No stack of this account and region exports ${name?.replace(/\.$/, '')}: deploy the stack that does first, or check the name.`,
    ],
  },
  {
    words: /Source image (?<image>\S+) (?:does not exist|is not valid)/i,
    advice: (_, { image }) => [
      `The image ${image} is not in its repository: push it first (infractl deploy without --skip-build), in the same region as the function.`,
    ],
  },
  {
    words: /(?:manifest|media type).*(?:not supported|unsupported)/i,
    advice: () => [
      'Lambda takes a plain image, no image index: build it without attestations (BUILDX_NO_DEFAULT_ATTESTATIONS=1) and for one platform.',
    ],
  },
  {
    words:
      /(?:User|Principal):?\s+(?<principal>\S+)\s+is not authorized to perform:?\s+(?<action>[\w-]+:\w+)(?:\s+on resource:?\s+(?<resource>\S+))?/i,
    advice: (_, { principal, action, resource }) => [
      `Allow ${principal} to do ${action}${resource ? ` on ${resource}` : ''}, then run the same command again.`,
    ],
  },
  {
    handlerCode: 'AccessDenied',
    words: /Access ?Denied|not authorized|UnauthorizedTaggingOperation/i,
    advice: (event) => [
      `The credentials of the deploy lack a permission for ${event.resourceType}: allow it, or use another profile.`,
    ],
  },
  {
    words: /bucket you tried to delete is not empty|BucketNotEmpty/i,
    advice: (event) => [
      `Empty the bucket first: aws s3 rm s3://${event.physicalId || event.logicalId} --recursive (and its old versions, if it keeps them).`,
    ],
  },
  {
    words: /repository.*(?:cannot be deleted because it still contains images|not empty)|RepositoryNotEmpty/i,
    advice: (event) => [
      `Delete the images of the repository ${event.physicalId} first: aws ecr delete-repository --repository-name ${event.physicalId} --force deletes it with them.`,
    ],
  },
  {
    words: /deletion protection|DeletionProtection|termination protection/i,
    advice: (event) => [
      `${event.logicalId} is protected against deletion: switch that off first if it is to go.`,
    ],
  },
  {
    words: /has (?:a )?depend|DependencyViolation|still in use|in use by|has dependent object|ResourceInUse/i,
    advice: (event) => [
      `Something that does not belong to the stack still uses ${event.physicalId || event.logicalId}: remove that first.`,
    ],
  },
  {
    handlerCode: 'AlreadyExists',
    words: /already exist(?:s|ed)?|AlreadyExists|EntityAlreadyExists/i,
    advice: (event) => [
      `${event.physicalId && !event.physicalId.startsWith('arn:aws:cloudformation') ? `${event.physicalId} ` : `What ${event.logicalId} makes `}is there already and does not belong to this stack. Give the one in the template another name, delete the old one if nobody needs it, or import it into the stack (aws cloudformation create-change-set --change-set-type IMPORT).`,
    ],
  },
  {
    handlerCode: 'Throttling',
    words: /Throttl|Rate exceeded|TooManyRequests|Too Many Requests/i,
    advice: () => ['AWS limited the rate of its own calls. Run the same command again in a minute.'],
  },
  {
    words: /UnreservedConcurrentExecution below its minimum/,
    advice: () => [
      'The account has too little Lambda concurrency to reserve any: leave ReservedConcurrentExecutions out, or ask for more in Service Quotas.',
    ],
  },
  {
    handlerCode: 'ServiceLimitExceeded',
    words: /limit.{0,20}exceeded|LimitExceeded|exceed.{0,40}(?:limit|quota)|maximum (?:number|limit)|quota/i,
    advice: (event) => [
      `A quota of the account is used up (${serviceOf(event)}): remove what is not needed, or ask for more in Service Quotas.`,
    ],
  },
  {
    words: /failed to receive \d+ resource signal/i,
    advice: (event) => [
      `${event.logicalId} did not signal that it is ready in time: look at its start-up log (cloud-init, cfn-init).`,
    ],
  },
  {
    words: /did not receive a response from your Custom Resource|Custom Resource failed to stabilize/i,
    advice: (event) => [
      `The function behind ${event.logicalId} did not answer: look at its log. It must send its answer to the ResponseURL, also when it fails, and needs a way to the internet if it is in a VPC.`,
    ],
  },
  {
    handlerCode: 'NotStabilized',
    words: /did not stabilize|NotStabilized|timed out|exceeded attempts to wait|did not complete in/i,
    advice: (event) => [
      `${event.logicalId} did not become ready in time: look at its own state and log in AWS, then run the same command again.`,
    ],
  },
  {
    words:
      /(?:Parameter|parameter).*(?:must|failed to satisfy|constraint|invalid)|failed validation constraint/,
    advice: () => ['Correct the parameter in infractl.yaml, then run the same command again.'],
  },
  {
    handlerCode: 'InvalidRequest',
    words:
      /Properties validation failed|extraneous key|unsupported property|Encountered unsupported|ValidationException|InvalidParameter|Invalid request|not a valid|must be|is invalid|Value of property/i,
    advice: (event) => [
      `AWS does not accept the properties of ${event.logicalId}: correct them in the template, then run the same command again.`,
    ],
  },
  {
    handlerCode: 'NotFound',
    words: /not ?found|does ?n[o']t exist|NoSuch/i,
    advice: (event) => [
      `${event.logicalId} needs something that does not exist: check the names and ARNs that it is given.`,
    ],
  },
];

/** What to do about a failed event; empty when the reason says all that there is. */
export function adviceFor(event: Failed): string[] {
  const { text, handlerCode } = cleanReason(event.reason);
  for (const cause of CAUSES) {
    const match = cause.words?.exec(text);
    if (match) return cause.advice(event, match.groups ?? {});
  }
  const byCode = CAUSES.find((cause) => cause.handlerCode !== undefined && cause.handlerCode === handlerCode);
  return byCode?.advice(event, {}) ?? [];
}

function serviceOf(event: Failed): string {
  return event.resourceType.split('::')[1] ?? event.resourceType;
}
