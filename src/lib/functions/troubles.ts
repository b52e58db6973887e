import { underneath } from '../aws/errors.ts';
import { Exit, InfractlError, Interrupted, isInfractlError, UsageError } from '../base/errors.ts';
import { duration } from '../base/text.ts';
import type { FunctionFacts, FunctionSpec, Reason } from './types.ts';

/** What goes wrong with functions, in words, with what to do. */

export function notFound(functionName: string): InfractlError {
  return new InfractlError({
    code: 'FunctionNotFound',
    message: `There is no Lambda function ${functionName}.`,
    why: 'Its stack makes the function; a deploy only gives it code.',
    suggestions: [
      'Create it: infractl deploy --create-stack',
      'If it is there, check the profile, the region and the environment.',
      'If somebody deleted it by hand, its stack does not notice. To make it again: infractl deploy --revert-drift',
    ],
  });
}

export function aliasNotFound(functionName: string, alias: string): InfractlError {
  return new InfractlError({
    code: 'AliasNotFound',
    message: `The function ${functionName} has no alias ${alias}.`,
    suggestions: ['A deploy makes it: infractl deploy'],
  });
}

/** An image for a zip function, or a zip for an image function: Lambda cannot turn one into the other. */
export function refuseOtherPackage(spec: FunctionSpec, latest: FunctionFacts): void {
  const wanted = 'zip' in spec.code ? 'Zip' : 'Image';
  if (latest.packageType === wanted) return;
  const words = { Zip: 'a zip', Image: 'an image' };
  throw new UsageError({
    code: 'PackageTypeMismatch',
    message: `The function ${spec.functionName} was made for ${words[latest.packageType]}; it cannot run ${words[wanted]}.`,
    why: 'AWS fixes the package type when a function is created.',
    suggestions: [
      wanted === 'Image'
        ? 'In infractl.yaml give the function `zip:` in place of `image:`.'
        : 'In infractl.yaml give the function `image:` in place of `zip:`.',
      `Or set \`PackageType: ${wanted}\` and a new FunctionName in the template, then: infractl deploy --create-stack`,
    ],
  });
}

const PULL_RIGHT =
  "The repository's policy must let lambda.amazonaws.com do ecr:BatchGetImage and ecr:GetDownloadUrlForLayer, and the repository must be in the function's region.";
const NETWORK_HINT = 'Look at VpcConfig of the function in the template.';

/** LastUpdateStatusReasonCode and StateReasonCode → what to do. */
const MENDS: Readonly<Record<string, readonly string[]>> = {
  ImageAccessDenied: [PULL_RIGHT],
  ImageDeleted: [
    'Build and push it again: infractl deploy',
    'Look at what the lifecycle policy of the repository removes.',
  ],
  InvalidImage: [
    'Lambda takes single-platform images of Docker or OCI format without attestations; infractl builds such ones: build it again without --skip-build.',
  ],
  InsufficientRolePermissions: [
    "Give the function's role what the reason names (for a VPC: AWSLambdaVPCAccessExecutionRole).",
  ],
  SubnetOutOfIPAddresses: ['Add a subnet with free addresses to VpcConfig, or free some.', NETWORK_HINT],
  EniLimitExceeded: ['Ask for a higher quota of network interfaces, or use fewer subnets.', NETWORK_HINT],
  InvalidSubnet: ['A subnet of the function does not exist any more.', NETWORK_HINT],
  InvalidSecurityGroup: ['A security group of the function does not exist any more.', NETWORK_HINT],
  InvalidRuntime: ['Choose a runtime that Lambda still supports in the template.'],
  InvalidZipFileException: ['The archive is damaged or empty: deploy again.'],
  DisabledKMSKey: ['Enable the key, or choose another in the template.'],
  InvalidStateKMSKey: ['Enable the key, or choose another in the template.'],
  KMSKeyAccessDenied: ["Let the function's role use the key (kms:Decrypt, kms:CreateGrant)."],
  KMSKeyNotFound: ['Choose a key that exists in the template.'],
  EFSMountFailure: ["Look at the file system's mount targets and security groups."],
  EFSMountTimeout: ["Look at the file system's mount targets and security groups."],
  EFSMountConnectivityError: ["Look at the file system's mount targets and security groups."],
  'FunctionError.InvalidEntryPoint': [
    'The image has no command that can be started: look at CMD and ENTRYPOINT of its Dockerfile.',
  ],
  'FunctionError.PermissionDenied': [
    'The command of the image may not be run: make it executable in the Dockerfile.',
  ],
  InternalError: ['AWS says that it is its own failure: run the same command again.'],
  InsufficientCapacity: [
    'AWS has no capacity for it at the moment: run the same command again in some minutes.',
  ],
};

/** $LATEST's update failed, or a version never became active. The alias was not moved. */
export function failedUpdate(spec: FunctionSpec, facts: FunctionFacts): InfractlError {
  const reason: Reason = facts.updateStatus === 'Failed' ? facts.updateReason : facts.stateReason;
  const what = facts.version === '$LATEST' ? 'take its new code' : `start its version ${facts.version}`;
  return new InfractlError({
    code: reason.code ?? 'FunctionUpdateFailed',
    message: `The function ${spec.functionName} could not ${what}${reason.code ? ` (${reason.code})` : ''}.`,
    why: [reason.text, `The alias ${spec.alias} was left where it was.`].filter(Boolean).join('\n'),
    suggestions: [
      ...(MENDS[reason.code ?? ''] ?? [`Look at it: ${lookAt(spec, facts.version)}`]),
      ...(reason.code === 'InvalidImage' ? [platformHint(facts.architectures)] : []),
    ],
  });
}

function platformHint(architectures: readonly string[]): string {
  const arm = architectures.includes('arm64');
  const [architecture, platform] = arm ? ['arm64', 'linux/arm64'] : ['x86_64', 'linux/amd64'];
  return `The function is for ${architecture}, so its image must be built for ${platform}: \`platform\` of the image in infractl.yaml, or \`Architectures\` in the template.`;
}

/** The update was stopped by a person. What AWS was told before that, it goes on with. */
export function interruptedUpdate(
  spec: FunctionSpec,
  sent: { readonly code: boolean; readonly alias: boolean },
): Interrupted {
  const { functionName, alias } = spec;
  if (sent.alias)
    return new Interrupted(
      `Interrupted. The alias ${alias} of ${functionName} may have been moved already.`,
      [`Look where it is: aws lambda get-alias --function-name ${functionName} --name ${alias}`],
    );
  const what = sent.code
    ? `AWS goes on giving the function ${functionName} its new code`
    : `The function ${functionName} was not given any code`;
  return new Interrupted(`Interrupted. ${what}; its alias ${alias} was left where it was.`);
}

export function neverReady(
  spec: FunctionSpec,
  facts: FunctionFacts | undefined,
  waited: number,
): InfractlError {
  const version = facts?.version ?? '$LATEST';
  const state = [
    facts?.state && `State ${facts.state}`,
    facts?.updateStatus && `LastUpdateStatus ${facts.updateStatus}`,
  ];
  return new InfractlError({
    code: 'FunctionNotReady',
    message: `The function ${spec.functionName} was not active after ${duration(waited)}; AWS goes on with it.`,
    why: [state.filter(Boolean).join(', '), facts?.updateReason.text ?? facts?.stateReason.text]
      .filter(Boolean)
      .join('. '),
    suggestions: [
      'Run the same command again: it goes on where this one stopped.',
      `Or look at it: ${lookAt(spec, version)}`,
      `Or wait longer: \`timeout\` of the function in infractl.yaml.`,
    ],
    exit: Exit.timedOut,
  });
}

/** Somebody else gave the function other code between our update and our publishing. */
export function changedMeanwhile(spec: FunctionSpec): InfractlError {
  return new InfractlError({
    code: 'FunctionChanged',
    message: `Somebody else changed the function ${spec.functionName} at the same time.`,
    why: `It has other code than this deploy gave it. The alias ${spec.alias} was left where it was.`,
    suggestions: ['Find out who else deploys it, then run the same command again.'],
    exit: Exit.busy,
  });
}

function lookAt({ functionName }: FunctionSpec, version: string): string {
  const qualifier = version === '$LATEST' ? '' : ` --qualifier ${version}`;
  return `aws lambda get-function-configuration --function-name ${functionName}${qualifier}`;
}

/** Refusals of UpdateFunctionCode and PublishVersion that have a better word than AWS's. */
export function refused(spec: FunctionSpec, error: unknown): unknown {
  if (!isInfractlError(error)) return error;
  const { name, message } = underneath(error);
  const tell = (code: string, what: string, suggestions: readonly string[]) =>
    new InfractlError({ code, message: what, why: message, suggestions, cause: error.cause });
  const fn = spec.functionName;
  if (name === 'CodeStorageExceededException') {
    return tell(name, `The account has no room for more Lambda code, so ${fn} could not be updated.`, [
      'Delete functions or versions that nobody uses any more, or ask for a higher quota.',
    ]);
  }
  if (name === 'RequestEntityTooLargeException') {
    return tell(name, `The code of ${fn} is too large for Lambda.`, [
      'Leave out what it does not need, or deploy it as an image.',
    ]);
  }
  if (!/InvalidParameterValue|AccessDenied/.test(name)) return error;
  if (/source image .*does not exist|ImageNotFound/i.test(message)) {
    return tell(
      'ImageNotFound',
      `The image for ${fn} is not in its repository any more.`,
      MENDS.ImageDeleted ?? [],
    );
  }
  if (/does not have permission to access the ECR image/i.test(message)) {
    return tell('ImageAccessDenied', `Lambda may not pull the image for ${fn}.`, [PULL_RIGHT]);
  }
  if (/media type|manifest|architecture/i.test(message)) {
    return tell('InvalidImage', `Lambda does not take the image for ${fn}.`, MENDS.InvalidImage ?? []);
  }
  if (/unzipped size/i.test(message)) {
    return tell('ZipTooLarge', `The unzipped code of ${fn} with its layers is over 250 MB.`, [
      'Leave out what it does not need: `exclude: [...]` of the function in infractl.yaml. Or deploy it as an image.',
    ]);
  }
  return error;
}
