import { Exit, InfractlError, isInfractlError } from '../base/errors.ts';
import type { AwsSession } from './session.ts';

/** What the SDK throws, as far as infractl reads it. */
interface SdkError extends Error {
  readonly code?: string;
  readonly errno?: string;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string };
  readonly $response?: { readonly statusCode?: number };
}

const EXPIRED = new Set(['ExpiredToken', 'ExpiredTokenException', 'RequestExpired', 'TokenRefreshRequired']);
const UNKNOWN_KEY = new Set([
  'InvalidClientTokenId',
  'UnrecognizedClientException',
  'InvalidAccessKeyId',
  'AuthFailure',
  'SignatureDoesNotMatch',
  'InvalidSignatureException',
  'IncompleteSignature',
  'MissingAuthenticationToken',
  'MissingAuthenticationTokenException',
]);
const DENIED = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'UnauthorizedOperation',
  'AuthorizationError',
  'NotAuthorized',
  'Forbidden',
]);
const THROTTLED = new Set([
  'Throttling',
  'ThrottlingException',
  'ThrottledException',
  'RequestLimitExceeded',
  'TooManyRequestsException',
  'RequestThrottled',
  'RequestThrottledException',
  'SlowDown',
  'ProvisionedThroughputExceededException',
]);
const NETWORK = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EPIPE',
  'ERR_PROXY_TUNNEL',
  'TimeoutError',
]);

export function isThrottling(error: unknown): boolean {
  const e = underneath(error);
  return THROTTLED.has(e.name) || e.$metadata?.httpStatusCode === 429;
}

/** A failure that says nothing of the request: a cut connection, a 5xx. Worth another try. */
export function isTransient(error: unknown): boolean {
  const e = underneath(error);
  return (
    isThrottling(error) ||
    NETWORK.has(networkCode(e) ?? '') ||
    (e.$metadata?.httpStatusCode ?? 0) >= 500 ||
    (isInfractlError(error) && error.code === 'Network')
  );
}

/** The SDK's error under an `InfractlError` made by `awsError`, or the error itself. */
export function underneath(error: unknown): SdkError {
  if (isInfractlError(error) && error.cause instanceof Error) return error.cause as SdkError;
  return (error instanceof Error ? error : new Error(String(error))) as SdkError;
}

/**
 * An error of an AWS call in words, with the exit code it means.
 *
 * @param action the IAM action: `cloudformation:DescribeStacks`
 */
export function awsError(error: unknown, action: string, session: AwsSession): InfractlError {
  if (isInfractlError(error)) return error;
  const e = underneath(error);
  return (
    credentialsError(e, session) ??
    deniedError(e, action) ??
    networkError(e, action, session) ??
    sandboxError(e, action, session) ??
    new InfractlError({
      code: THROTTLED.has(e.name) ? 'Throttling' : e.name || 'AwsError',
      message: THROTTLED.has(e.name)
        ? `AWS limits the rate of ${action}, and went on doing so after several tries.`
        : `${action} failed in ${session.region}.`,
      why: e.message,
      suggestions: THROTTLED.has(e.name) ? ['Wait a minute and run the same command again.'] : [],
      cause: e,
    })
  );
}

function credentialsError(e: SdkError, session: AwsSession): InfractlError | undefined {
  const profile = session.profile;
  const named = profile ? ` of the profile ${profile}` : '';
  const flag = profile ? ` --profile ${profile}` : '';
  const keys = 'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY';
  if (EXPIRED.has(e.name) || (e.name === 'CredentialsProviderError' && /expired|refresh/i.test(e.message))) {
    const sso = /\bsso\b/i.test(e.message);
    const renew = session.keysFromEnvironment
      ? [
          `They are in the variables ${keys} (with AWS_SESSION_TOKEN): set fresh ones.`,
          `Or unset those variables, so that a profile is used: aws sso login, then --profile NAME.`,
        ]
      : sso
        ? [`Run: aws sso login${flag}`]
        : [
            `Run: aws sso login${flag}`,
            'Or renew the keys or the role session that you use, then run the same command again.',
          ];
    return new InfractlError({
      code: 'ExpiredToken',
      message: `The AWS credentials${named} have expired.`,
      why: sso ? 'Its SSO session is over.' : e.message,
      suggestions: [...renew, ...(sso ? [] : ['If they are fresh, check the clock of this machine.'])],
      exit: Exit.credentials,
      cause: e,
    });
  }
  if (e.name === 'CredentialsProviderError' && /multi-factor|\bMFA\b/i.test(e.message)) {
    return new InfractlError({
      code: 'MfaNeeded',
      message: `The role${named} wants a code of a second factor (MFA), which infractl does not ask for.`,
      why: e.message,
      suggestions: [
        'The AWS CLI asks for it, and lends its session to this shell:',
        `eval "$(aws configure export-credentials${flag} --format env)"${profile ? ' && unset AWS_PROFILE' : ''}`,
        `Then run the same command${profile ? ' without --profile' : ''} again.`,
      ],
      exit: Exit.credentials,
      cause: e,
    });
  }
  if (e.name === 'CredentialsProviderError' || e.name === 'TokenProviderError') {
    return new InfractlError({
      code: 'NoCredentials',
      message: profile ? `The profile ${profile} gives no AWS credentials.` : 'There are no AWS credentials.',
      why: /any providers/.test(e.message)
        ? 'Looked in the environment, in ~/.aws and, on a machine of AWS, for its role.'
        : e.message,
      suggestions: [
        ...(/^Command failed/.test(e.message)
          ? [`The command is the credential_process${named} in ~/.aws/config: run it by hand.`]
          : []),
        ...(profile
          ? [`Check that there is a profile of that name: aws configure list-profiles`]
          : ['Choose a profile with --profile NAME: aws configure list-profiles']),
        `Or make one: aws configure sso${flag}  (or: aws configure${flag})`,
        'Or try it without an account: infractl sandbox start, then add --sandbox.',
      ],
      exit: Exit.credentials,
      cause: e,
    });
  }
  if (UNKNOWN_KEY.has(e.name)) {
    return new InfractlError({
      code: 'InvalidCredentials',
      message: `AWS does not accept the credentials${named}.`,
      why: e.message,
      suggestions: [
        'Check which keys are used: aws sts get-caller-identity',
        'A region that the account has not enabled gives the same answer; so does a clock that is wrong.',
      ],
      exit: Exit.credentials,
      cause: e,
    });
  }
  return undefined;
}

/** How the sandbox answers what it does not know: in no protocol of AWS, or that there is no such action. */
const NOT_KNOWN = /^(Unknown|InvalidAction|UnknownOperation|NotImplemented)/;

function sandboxError(e: SdkError, action: string, session: AwsSession): InfractlError | undefined {
  if (!session.sandbox || !NOT_KNOWN.test(e.name)) return undefined;
  return new InfractlError({
    code: 'NotInSandbox',
    message: `The sandbox does not know ${action}: this works in AWS only.`,
    suggestions: ['What else it cannot do: infractl sandbox status'],
    cause: e,
  });
}

/** "User: arn… is not authorized to perform: cloudformation:CreateChangeSet on resource: arn… because …" */
const DENIED_WORDS =
  /(?:User|Principal):?\s+(?<principal>\S+)\s+is not authorized to perform:?\s+(?<action>[\w-]+:\w+)(?:\s+on resource:?\s+(?<resource>\S+))?(?<rest>[\s\S]*)/i;

function deniedError(e: SdkError, action: string): InfractlError | undefined {
  if (!DENIED.has(e.name) && !/is not authorized to perform/.test(e.message)) return undefined;
  const said = DENIED_WORDS.exec(e.message)?.groups;
  const wanted = said?.action ?? action;
  const who = said?.principal ?? 'These credentials';
  const boundary = /explicit deny/i.test(e.message);
  return new InfractlError({
    code: 'AccessDenied',
    message: `${who} may not do ${wanted}${said?.resource && said.resource !== '*' ? ` on ${said.resource}` : ''}.`,
    why: e.message,
    suggestions: [
      boundary
        ? 'A policy denies it outright (service control policy, permission boundary or a Deny): ask who manages the account.'
        : `Ask for a policy that allows ${wanted}, or choose another profile with --profile NAME.`,
    ],
    exit: Exit.credentials,
    cause: e,
  });
}

function networkCode(e: SdkError): string | undefined {
  if (e.code && NETWORK.has(e.code)) return e.code;
  if (NETWORK.has(e.name)) return e.name;
  const inner = e.cause;
  if (inner instanceof Error) return networkCode(inner as SdkError);
  if (e instanceof AggregateError && e.errors[0] instanceof Error)
    return networkCode(e.errors[0] as SdkError);
  return undefined;
}

function networkError(e: SdkError, action: string, session: AwsSession): InfractlError | undefined {
  const code = networkCode(e);
  if (!code) return undefined;
  if (session.sandbox) {
    return new InfractlError({
      code: 'SandboxNotRunning',
      message: 'The sandbox does not answer.',
      why: `${session.endpoint}: ${code}`,
      suggestions: ['Run: infractl sandbox start', 'Or look at it: infractl sandbox status'],
      cause: e,
    });
  }
  const endpoint = session.endpoint
    ? [`AWS_ENDPOINT_URL is set to ${session.endpoint}: check that it is right, or unset it.`]
    : [];
  const unknownHost = code === 'ENOTFOUND' || code === 'EAI_AGAIN';
  return new InfractlError({
    code: 'Network',
    message: `AWS could not be reached for ${action} in ${session.region}.`,
    why: e.message || code,
    suggestions: unknownHost
      ? [
          ...endpoint,
          `Check that the region is right: ${session.region} (from the ${session.regionOrigin}).`,
          'Check the network connection and any proxy of this machine.',
        ]
      : [
          ...endpoint,
          'Check the network connection, then run the same command again: it goes on where it stopped.',
        ],
    cause: e,
  });
}
