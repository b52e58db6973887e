import type { Cause } from './cause.ts';

/** What is asked for does not exist, or is not accepted as it is written. */
export const VALUES: readonly Cause[] = [
  {
    code: 'NoSuchExport',
    words: /No export named (?<name>\S+) found/,
    why: () => 'The value comes from another stack of this account and region, which does not give it.',
    advice: (_, { name }) => [
      `No stack of this account and region exports ${name?.replace(/\.$/, '')}: deploy the stack that does first, or check the name.`,
    ],
  },
  {
    code: 'ImageMissing',
    words: /Source image (?<image>\S+) (?:does not exist|is not valid)/i,
    why: () => 'Lambda takes an image from ECR of its own region, and this one is not there.',
    advice: (_, { image }) => [
      `The image ${image} is not in its repository: push it first (infractl deploy without --skip-build), in the same region as the function.`,
    ],
  },
  {
    code: 'ImageFormat',
    words: /(?:manifest|media type).*(?:not supported|unsupported)/i,
    why: () => 'What was pushed is an image index, or has attestations.',
    advice: () => [
      'Lambda takes a plain image, no image index: build it without attestations (BUILDX_NO_DEFAULT_ATTESTATIONS=1) and for one platform.',
    ],
  },
  {
    code: 'TemplateUnreadable',
    words:
      /S3 error: (?<what>[^.]+)|TemplateURL must (?:be|reference)|TemplateURL .{0,60}(?:not|invalid)|template file .{0,40}(?:not|cannot)/i,
    type: /^AWS::(?:CloudFormation::Stack|Serverless::Application)$/,
    why: (_, { what }) => `CloudFormation could not read the nested template${what ? `: ${what}` : ''}.`,
    advice: (event) => [
      `Name the nested template of ${event.logicalId} as a path of this machine: infractl uploads it. If it is an S3 address, it must be there and the credentials of the deploy must be allowed s3:GetObject on it.`,
    ],
  },
  {
    code: 'CodeUnreadable',
    words: /GetObject\. S3 Error Code: (?<code>\w+)|S3 Error (?:Code|Message): (?<other>\w+)/i,
    why: (_, { code, other }) => {
      const said = code ?? other;
      if (said === 'NoSuchKey') return 'The zip with the code is not in the bucket.';
      if (said === 'PermanentRedirect')
        return 'The bucket with the code is in another region: Lambda wants its own.';
      return `S3 did not give the code: ${said}.`;
    },
    advice: (event) => [
      `Name the code of ${event.logicalId} as a path of this machine: infractl zips and uploads it. Else check the bucket, its region and the key.`,
    ],
  },
  {
    code: 'CodeTooLarge',
    words: /Unzipped size must be smaller|RequestEntityTooLarge|code size .{0,30}exceed|CodeStorageExceeded/i,
    why: () => 'The code and its layers are larger than Lambda takes as a zip: 250 MB unzipped.',
    advice: () => ['Leave out what the function does not need, or make it a container image (up to 10 GB).'],
  },
  {
    code: 'RuntimeGone',
    words:
      /runtime parameter of (?<runtime>\S+) is no longer supported|runtime .{0,30}(?:deprecated|not supported)/i,
    why: (_, { runtime }) => `Lambda takes no new functions of ${runtime ?? 'this runtime'}.`,
    advice: () => ['Move the function to a newer runtime.'],
  },
  {
    code: 'CertificateRegion',
    words:
      /certificate.{0,80}(?:in|of) (?:the )?us-east-1|InvalidViewerCertificate|certificate .{0,60}(?:must be|isn't|is not) in .{0,30}region|(?:specified )?SSL certificate doesn't exist/i,
    why: () =>
      'CloudFront, and edge-optimized domain names, take certificates of us-east-1 alone, whatever the stack’s region is.',
    advice: () => [
      'Make the certificate in us-east-1 (a stack of its own with region us-east-1), validated, and give its ARN as a parameter.',
    ],
  },
  {
    code: 'CertificateInvalid',
    words:
      /CertificateNotFound|certificate ARN .{0,120}not valid|certificate .{0,60}(?:not found|does not exist|not (?:been )?(?:issued|validated)|isn't valid)|UnsupportedCertificate/i,
    why: () => 'The certificate is not there, is of another region, or is not validated yet.',
    advice: () => ['Check its ARN: it must be issued, and in the region of what uses it.'],
  },
  {
    code: 'ImageIdRegion',
    words: /image id '?\[?(?<ami>ami-\w+)\]?'? does not exist|InvalidAMIID/i,
    why: (_, { ami }) => `Machine images are of one region, and ${ami ?? 'this one'} is not of this.`,
    advice: () => [
      'Take the id from AWS instead: Type: AWS::SSM::Parameter::Value<AWS::EC2::Image::Id> with a public parameter as its default.',
    ],
  },
  {
    code: 'EngineVersion',
    words:
      /Cannot find version (?<version>\S+) for (?<engine>\S+)|Invalid DB engine|RDS does not support creating a DB instance with the following combination|upgrade .{0,40}(?:not (?:valid|supported)|path)/i,
    type: /^AWS::(?:RDS|DocDB|Neptune)::/,
    why: (_, { version, engine }) =>
      version
        ? `${engine} ${version} is not, or no longer, offered in this region.`
        : 'This engine, version and instance class do not go together in this region.',
    advice: () => [
      'See what is offered: aws rds describe-orderable-db-instance-options --engine ENGINE --engine-version VERSION',
    ],
  },
  {
    code: 'NetworkOverlap',
    words:
      /conflicts with another subnet|InvalidSubnet\.Conflict|CIDR .{0,40}(?:overlap|invalid|conflict)|InvalidVpc\.Range/i,
    why: () => 'The range of addresses overlaps another one, or lies outside of its VPC.',
    advice: (event) => [`Give ${event.logicalId} a range that nothing else has.`],
  },
  {
    code: 'CircularDependency',
    words: /circular dependency/i,
    why: () => 'Resources need each other in a ring, so that none can be first.',
    advice: () => [
      'Cut the ring: let one of them refer to a name instead of a !Ref, or move a rule into a resource of its own.',
    ],
  },
  {
    code: 'ParameterInvalid',
    words:
      /(?:Parameter|parameter).*(?:must|failed to satisfy|constraint|invalid)|failed validation constraint|Parameter validation failed/,
    why: () => 'The template, or the service, does not take this value of a parameter.',
    advice: () => ['Correct the parameter in infractl.yaml, then run the same command again.'],
  },
  {
    code: 'PropertiesInvalid',
    handlerCode: 'InvalidRequest',
    words:
      /Properties validation failed|extraneous key|unsupported property|Encountered unsupported|ValidationException|InvalidParameter|Invalid request|not a valid|must be|is invalid|Value of property|Model validation failed|Invalid template property|Template format error/i,
    why: (event) => `The service checked the properties of ${event.logicalId} and does not take one of them.`,
    advice: (event) => [
      `AWS does not accept the properties of ${event.logicalId}: correct them in the template, then run the same command again.`,
    ],
  },
  {
    code: 'NotFound',
    handlerCode: 'NotFound',
    words: /not ?found|does ?n[o']t exist|NoSuch|could not be found/i,
    why: (event) =>
      `${event.logicalId} names something that is not there: deleted, of another region or account, or misspelt.`,
    advice: (event) => [
      `${event.logicalId} needs something that does not exist: check the names and ARNs that it is given.`,
    ],
  },
];
