import { describe, expect, it } from 'vitest';
import { InfractlError } from '../../../src/lib/base/errors.ts';
import { failedUpdate, neverReady, refused } from '../../../src/lib/functions/troubles.ts';
import type { FunctionFacts, FunctionSpec } from '../../../src/lib/functions/types.ts';

const spec: FunctionSpec = {
  part: 'function api',
  functionName: 'shop-api-dev',
  alias: 'live',
  code: { imageUri: 'r@sha256:a' },
  timeout: 1000,
};
const facts = (more: Partial<FunctionFacts> = {}): FunctionFacts => ({
  version: '$LATEST',
  codeSha256: '',
  packageType: 'Image',
  revisionId: undefined,
  state: 'Active',
  stateReason: { code: undefined, text: undefined },
  updateStatus: 'Successful',
  updateReason: { code: undefined, text: undefined },
  imageUri: undefined,
  architectures: ['arm64'],
  configuration: { Environment: { Variables: { PASSWORD: 'hunter2hunter2' } } },
  ...more,
});

/** An error as the AWS layer hands it on: its own words, AWS's underneath. */
function fromAws(name: string, message: string): InfractlError {
  const cause = Object.assign(new Error(message), { name });
  return new InfractlError({
    code: name,
    message: 'lambda:UpdateFunctionCode failed in eu-west-3.',
    why: message,
    cause,
  });
}

describe('what AWS refuses', () => {
  it.each([
    [
      'InvalidParameterValueException',
      'Source image 1.dkr.ecr/api@sha256:a does not exist. Provide a valid source image.',
      'ImageNotFound',
    ],
    [
      'InvalidParameterValueException',
      'Lambda does not have permission to access the ECR image. Check the ECR permissions.',
      'ImageAccessDenied',
    ],
    [
      'InvalidParameterValueException',
      'The image manifest, config or layer media type for the source image is not supported.',
      'InvalidImage',
    ],
    ['InvalidParameterValueException', 'Unzipped size must be smaller than 262144000 bytes', 'ZipTooLarge'],
    ['CodeStorageExceededException', 'Code storage limit exceeded.', 'CodeStorageExceededException'],
    [
      'RequestEntityTooLargeException',
      'Request must be smaller than 70167211 bytes',
      'RequestEntityTooLargeException',
    ],
  ])('%s: %s', (name, message, code) => {
    const told = refused(spec, fromAws(name, message));
    expect(told).toMatchObject({ code, why: message, message: expect.stringMatching(/[a-zB]\.$/) });
    expect((told as InfractlError).suggestions.length).toBeGreaterThan(0);
  });

  it('leaves alone what it has no better word for', () => {
    for (const error of [
      fromAws('AccessDeniedException', 'not authorized to perform'),
      fromAws('ServiceException', 'manifest'),
      new Error('x'),
    ])
      expect(refused(spec, error)).toBe(error);
  });
});

describe('what fails or lasts', () => {
  it('names the platform that the function needs when an image does not fit', () => {
    const reason = { code: 'InvalidImage', text: 'The image is not valid.' };
    const error = failedUpdate(spec, facts({ updateStatus: 'Failed', updateReason: reason }));
    expect(error.message).toBe('The function shop-api-dev could not take its new code (InvalidImage).');
    expect(error.suggestions.at(-1)).toContain('must be built for linux/arm64');
  });

  it('says where to look when AWS gives no code', () => {
    const error = failedUpdate(spec, facts({ version: '7', state: 'Failed' }));
    expect(error).toMatchObject({
      code: 'FunctionUpdateFailed',
      message: 'The function shop-api-dev could not start its version 7.',
      suggestions: [
        'Look at it: aws lambda get-function-configuration --function-name shop-api-dev --qualifier 7',
      ],
    });
  });

  it('tells no value of the environment', () => {
    const shown = [
      failedUpdate(spec, facts({ state: 'Failed' })),
      neverReady(spec, facts({ state: 'Pending' }), 5000),
    ];
    expect(JSON.stringify(shown.map((e) => [e.message, e.why, e.suggestions]))).not.toContain('hunter2');
    expect(shown[1]).toMatchObject({ exit: 7, why: 'State Pending, LastUpdateStatus Successful' });
  });
});
