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
    words: /S3 error: (?<what>[^.]+)|TemplateURL must (?:be|reference)/i,
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
    words: /Unzipped size must be smaller|combined with layers exceeds|Request must be smaller than/i,
    why: () => 'The code and its layers are larger than Lambda takes as a zip: 250 MB unzipped.',
    advice: () => ['Leave out what the function does not need, or make it a container image (up to 10 GB).'],
  },
  {
    code: 'CodeStorageFull',
    words: /Code ?storage (?:limit )?exceeded/i,
    why: () =>
      'The room for the code of all functions and versions of the account in this region, 75 GB, is used up.',
    advice: () => [
      'Delete versions and layers that nothing uses, or ask for more in Service Quotas (service code lambda).',
    ],
  },
  {
    code: 'RuntimeGone',
    words: /runtime parameter of (?<runtime>\S+) is no longer supported/i,
    why: (_, { runtime }) => `Lambda takes no new functions of ${runtime}.`,
    advice: () => ['Move the function to a newer runtime.'],
  },
  {
    code: 'CertificateRegion',
    words: /certificate.{0,80}in '?us-east-1|InvalidViewerCertificate/i,
    why: () =>
      'CloudFront, and edge-optimized domain names, take certificates of us-east-1 alone, whatever the stack’s region is.',
    advice: () => [
      'Make the certificate in us-east-1 (a stack of its own with region us-east-1), validated, and give its ARN as a parameter.',
    ],
  },
  {
    code: 'CertificateInvalid',
    words:
      /CertificateNotFound|certificate ARN .{0,120}not valid|certificate .{0,60}(?:not found|does not exist)|UnsupportedCertificate/i,
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
      /Cannot find version (?<version>\S+) for (?<engine>\S+)|Invalid DB engine|RDS does not support creating a DB instance with the following combination|Cannot upgrade \S+ from/i,
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
    words: /conflicts with another subnet|CIDR .{0,40}(?:overlap|invalid)/i,
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
    code: 'SsmParameterMissing',
    words: /Unable to fetch parameters \[(?<names>[^\]]*)\] from parameter store/,
    why: (_, { names }) => `The Parameter Store of this account and region does not hold ${names}.`,
    advice: (_, { names }) => [
      `Make it first: aws ssm put-parameter --name ${names?.split(',')[0]} --type String --value …`,
    ],
  },
  {
    code: 'ApiWithoutMethods',
    words: /REST API doesn't contain any methods/,
    why: () => 'The deployment was made before the methods of the API.',
    advice: (event) => [`Let ${event.logicalId} wait for every AWS::ApiGateway::Method with DependsOn.`],
  },
  {
    code: 'NoListenerYet',
    words: /target group .{0,200}does not have an associated load balancer/i,
    why: () => 'No listener of a load balancer leads to the target group yet.',
    advice: (event) => [`Let ${event.logicalId} wait for the listener, or its rule, with DependsOn.`],
  },
  {
    code: 'NoInternetGateway',
    words: /has no Internet gateway attached|belong to different networks/i,
    why: () => 'The internet gateway is not attached to the VPC yet, or to another one.',
    advice: (event) => [`Let ${event.logicalId} wait for the AWS::EC2::VPCGatewayAttachment with DependsOn.`],
  },
  {
    code: 'NotUpdatable',
    handlerCodes: ['NotUpdatable'],
    words: /createOnlyPropert/i,
    why: (event) => `A property of ${event.logicalId} that changes can only be set when it is made.`,
    advice: (event) => [
      `Give ${event.logicalId} another logical id (and name), so that a new one is made; what the old one holds goes with it unless its policies retain it.`,
    ],
  },
  {
    code: 'ParameterInvalid',
    words:
      /Parameters?:? ['[]?[\w, ]+['\]]? (?:must (?!be of type)|failed to satisfy|do not exist)|Parameter validation failed/,
    why: () => 'The template, or the service, does not take this value of a parameter.',
    advice: () => ['Correct the parameter in infractl.yaml, then run the same command again.'],
  },
  {
    code: 'PropertiesInvalid',
    handlerCodes: ['InvalidRequest'],
    words:
      /Properties validation failed|Model validation failed|Encountered unsupported property|ValidationException|InvalidParameter|Invalid request|not a valid|must be|is invalid|Invalid template property|Template format error|validation errors? detected/i,
    why: (event) => `The service checked the properties of ${event.logicalId} and does not take one of them.`,
    advice: (event) => [
      `AWS does not accept the properties of ${event.logicalId}: correct them in the template, then run the same command again.`,
    ],
  },
  {
    code: 'NotFound',
    handlerCodes: ['NotFound'],
    words: /not ?found|does ?n[o']t exist|NoSuch|can ?not be found/i,
    why: (event) =>
      `${event.logicalId} names something that is not there: deleted, of another region or account, or misspelt.`,
    advice: (event) => [
      `${event.logicalId} needs something that does not exist: check the names and ARNs that it is given.`,
    ],
  },
];
