import { describe, expect, it } from 'vitest';
import { call } from '../../../src/lib/aws/call.ts';
import { awsError } from '../../../src/lib/aws/errors.ts';
import type { AwsSession } from '../../../src/lib/aws/session.ts';

const session = (sandbox: boolean) => ({ region: 'eu-west-3', sandbox }) as AwsSession;
const named = (name: string) => Object.assign(new Error(`${name}Error`), { name });

describe('credentials that want more', () => {
  const failed = (message: string) => Object.assign(new Error(message), { name: 'CredentialsProviderError' });

  it('a credential_process that fails is named', () => {
    const error = awsError(failed('Command failed: vault read aws'), 'sts:GetCallerIdentity', {
      ...session(false),
      profile: 'prod',
    });
    expect(error).toMatchObject({ code: 'NoCredentials', exit: 4, why: 'Command failed: vault read aws' });
    expect(error.suggestions[0]).toContain('the credential_process of the profile prod');
  });

  it('a role with a second factor: says how the AWS CLI asks for its code', () => {
    const words = 'Profile prod requires multi-factor authentication, but no MFA code callback was provided.';
    const error = awsError(failed(words), 'sts:GetCallerIdentity', { ...session(false), profile: 'prod' });
    expect(error).toMatchObject({ code: 'MfaNeeded', exit: 4 });
    expect(error.suggestions.join('\n')).toContain(
      'eval "$(aws configure export-credentials --profile prod --format env)" && unset AWS_PROFILE',
    );
  });
});

describe('a request that Ctrl-C cuts off', () => {
  it('is no failure of AWS, also where the call was not told of the signal', async () => {
    const cut = call(session(false), 'cloudwatch:DescribeAlarms', () => Promise.reject(named('AbortError')));
    await expect(cut).rejects.toMatchObject({ code: 'Interrupted', exit: 130 });
  });
});

describe('what the sandbox does not know', () => {
  it.each(['Unknown', 'InvalidAction', 'UnknownOperationException'])(
    '%s: says that it is the sandbox',
    (name) => {
      const error = awsError(named(name), 'ebs:ListSnapshotBlocks', session(true));
      expect(error).toMatchObject({
        code: 'NotInSandbox',
        message: 'The sandbox does not know ebs:ListSnapshotBlocks: this works in AWS only.',
        suggestions: ['What else it cannot do: infractl sandbox status'],
      });
    },
  );

  it('AWS itself is not the sandbox, and what the sandbox refuses is a refusal', () => {
    expect(awsError(named('Unknown'), 'ebs:ListSnapshotBlocks', session(false)).code).toBe('Unknown');
    expect(awsError(named('InvalidVolume.NotFound'), 'ec2:CreateSnapshot', session(true)).code).toBe(
      'InvalidVolume.NotFound',
    );
  });
});
