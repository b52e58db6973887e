type Wrong = readonly ['type', string];

interface Shape {
  /** What a value is called. */
  readonly what: string;
  readonly pattern: RegExp;
  readonly example: string;
}

const id = (what: string, prefix: string): Shape => ({
  what,
  pattern: new RegExp(`^${prefix}-[0-9a-f]{8,17}$`),
  example: `${prefix}-0a1b2c3d4e5f67890`,
});

/**
 * AWS-specific parameter types (user guide, "AWS-specific parameter types"). That the thing exists is AWS's to
 * say; a value that cannot be one is found before it is asked.
 */
const SHAPES: Readonly<Record<string, Shape>> = {
  'AWS::EC2::AvailabilityZone::Name': {
    what: 'the name of an availability zone',
    // A zone of a region, a local zone (us-west-2-lax-1a), a wavelength zone (us-east-1-wl1-bos-wlz-1).
    pattern: /^[a-z]{2}(?:-[a-z]+)+-\d(?:[a-z]|-[a-z0-9-]+)$/,
    example: 'eu-west-3a',
  },
  'AWS::EC2::Image::Id': id('the id of an image', 'ami'),
  'AWS::EC2::Instance::Id': id('the id of an instance', 'i'),
  'AWS::EC2::KeyPair::KeyName': {
    what: 'the name of a key pair',
    pattern: /^[\x20-\x7e]{1,255}$/,
    example: 'my-key',
  },
  'AWS::EC2::SecurityGroup::GroupName': {
    what: 'the name of a security group',
    pattern: /^.{1,255}$/,
    example: 'my-group',
  },
  'AWS::EC2::SecurityGroup::Id': id('the id of a security group', 'sg'),
  'AWS::EC2::Subnet::Id': id('the id of a subnet', 'subnet'),
  'AWS::EC2::Volume::Id': id('the id of a volume', 'vol'),
  'AWS::EC2::VPC::Id': id('the id of a VPC', 'vpc'),
  'AWS::Route53::HostedZone::Id': {
    what: 'the id of a hosted zone',
    pattern: /^(?:\/hostedzone\/)?Z[A-Z0-9]{1,31}$/,
    example: 'Z0123456789ABCDEFGHIJ',
  },
  'AWS::SSM::Parameter::Name': {
    what: 'the name of a parameter in Parameter Store',
    pattern: /^(?:arn:aws[\w-]*:ssm:[^\s]+|[\w./-]{1,1011}(?::[\w.-]+)?)$/,
    example: '/shop/dev/stage',
  },
};

/** What is wrong with a value of an AWS-specific type, or of a list of one; undefined where it may be right. */
export function awsTypeProblem(type: string, value: string, shown: string): Wrong | undefined {
  const inner = /^List<(.+)>$/.exec(type)?.[1];
  const store = type.startsWith('AWS::SSM::Parameter::Value<');
  const shape = SHAPES[store ? 'AWS::SSM::Parameter::Name' : (inner ?? type)];
  if (!shape) return undefined;
  const items = inner && !store ? value.split(',').map((item) => item.trim()) : [value];
  if (items.every((item) => shape.pattern.test(item))) return undefined;
  const must = inner && !store ? `must be a list of ${plural(shape.what)}` : `must be ${shape.what}`;
  return ['type', `${must}, such as ${shape.example}, and ${shown} is not that`];
}

function plural(what: string): string {
  return what.replace(
    /^the (id|name) of an? (.+)$/,
    (_, kind: string, thing: string) => `${kind}s of ${thing}s`,
  );
}
