import type { FakeClock } from './clock.ts';
import type { Provisioner } from './cloudformation-state.ts';
import { start } from './ec2-instances.ts';
import { addAlias, addFunction, imageCode, startUpdate, zipCode } from './lambda.ts';
import type { FakeState } from './server.ts';
import type { FakeFunction, FunctionConfiguration } from './state.ts';

/**
 * Resource types of CloudFormation that another service of the fake knows: creating the stack creates
 * them there, so that a whole deploy runs against the fake. Others are names in the stack only.
 */
export function provideTypes(state: FakeState, clock: FakeClock): void {
  const { provisioners } = state.cloudFormation;
  const lambdaFunction: Provisioner = {
    create(name, properties) {
      const { image, zip } = codeOf(properties);
      const fn = addFunction(
        state,
        {
          name,
          ...(image ? { image } : { zip: Buffer.from(zip) }),
          configuration: configurationOf(properties),
        },
        clock.now(),
      );
      return { Arn: fn.arn };
    },
    update(name, properties) {
      const fn = known(state, name);
      const { image, zip } = codeOf(properties);
      const code = image ? imageCode(image) : zipCode(Buffer.from(zip));
      startUpdate(state.lambda, clock, fn, { code, configuration: configurationOf(properties) });
      return { Arn: fn.arn };
    },
    delete: (name) => void state.lambda.functions.delete(name),
  };
  provisioners.set('AWS::Lambda::Function', lambdaFunction);
  provisioners.set('AWS::Serverless::Function', lambdaFunction);
  provisioners.set('AWS::Lambda::Alias', {
    create(_id, properties) {
      const fn = known(state, nameOf(properties.FunctionName));
      addAlias(state, fn, String(properties.Name), String(properties.FunctionVersion ?? '$LATEST'));
      return { AliasArn: `${fn.arn}:${properties.Name}` };
    },
  });
  provisioners.set('AWS::EC2::Instance', {
    create(id) {
      const { launched } = state.ec2;
      start(state.ec2.addInstance({ id, state: 'pending', script: launched }), { state, clock });
      return {};
    },
    delete: (id) => void state.ec2.instances.delete(id),
  });
  const rollOut = (arn: string) => {
    const key = arn.split(':service/')[1] ?? '';
    const rollout = state.ecs.rollouts.get(key);
    if (!rollout) return {};
    const service = (rolloutState: string, rolloutStateReason?: string) =>
      state.ecs.services.set(key, {
        active: true,
        deployments: [{ rolloutState, ...(rolloutStateReason ? { rolloutStateReason } : {}) }],
        messages: [],
        tasks: [],
      });
    service('IN_PROGRESS');
    clock.after(rollout.ms, () => service(rollout.fail ? 'FAILED' : 'COMPLETED', rollout.fail));
    return {};
  };
  provisioners.set('AWS::ECS::Service', { create: rollOut, update: rollOut });
  provisioners.set('AWS::ApiGatewayV2::Api', {
    // A test that wants an answer puts its own server's address there by script.
    create: () => ({ ApiEndpoint: 'https://a1b2c3d4e5.execute-api.eu-west-3.amazonaws.com' }),
  });
  for (const type of ['AWS::CloudWatch::Alarm', 'AWS::CloudWatch::CompositeAlarm']) {
    provisioners.set(type, {
      create(name, properties) {
        const composite = type.endsWith('CompositeAlarm');
        state.cloudWatch.add({ name, properties, composite, changed: clock.now() });
        return { Arn: `arn:aws:cloudwatch:eu-west-3:${state.account}:alarm:${name}` };
      },
      delete: (name) => void state.cloudWatch.alarms.delete(name),
    });
  }
  provisioners.set('AWS::ECR::Repository', {
    create(name) {
      state.ecr.repositories.set(name, []);
      const uri = `${state.account}.dkr.ecr.eu-west-3.amazonaws.com/${name}`;
      return { RepositoryUri: uri, Arn: `arn:aws:ecr:eu-west-3:${state.account}:repository/${name}` };
    },
    delete(name, properties) {
      const images = state.ecr.repositories.get(name);
      if (images && images.length > 0 && String(properties.EmptyOnDelete ?? false) !== 'true') {
        throw new Error(
          `The repository with name '${name}' in registry with id '${state.account}' cannot be deleted because it still contains images`,
        );
      }
      state.ecr.repositories.delete(name);
    },
  });
  provisioners.set('AWS::CloudFront::Distribution', {
    create(name, properties) {
      const config = properties.DistributionConfig as { Aliases?: string[]; Origins?: Origin[] };
      const origins = (config.Origins ?? []).map((one) => ({
        domain: one.DomainName,
        path: one.OriginPath ?? '',
      }));
      const domain = `${name.toLowerCase().replaceAll(/[^a-z0-9]/g, '')}.cloudfront.net`;
      const made = { id: name, domain, aliases: config.Aliases ?? [], origins, invalidations: [] };
      state.cloudFront.distributions.set(name, made);
      return { Id: name, DomainName: domain };
    },
    delete: (name) => void state.cloudFront.distributions.delete(name),
  });
  provisioners.set('AWS::S3::Bucket', {
    create(name, properties) {
      const versioning = (properties.VersioningConfiguration as { Status?: string } | undefined)?.Status;
      state.s3.buckets.set(name, {
        name,
        region: 'eu-west-3',
        owner: state.account,
        created: clock.now(),
        objects: new Map(),
        history: [],
        settings: new Map(versioning ? [['versioning', `<Status>${versioning}</Status>`]] : []),
      });
      return { Arn: `arn:aws:s3:::${name}`, RegionalDomainName: `${name}.s3.eu-west-3.amazonaws.com` };
    },
    delete(name) {
      const bucket = state.s3.buckets.get(name);
      if (bucket && bucket.objects.size + bucket.history.length > 0) {
        throw new Error('The bucket you tried to delete is not empty (Service: S3, Status Code: 409)');
      }
      state.s3.buckets.delete(name);
    },
  });
}

interface Origin {
  readonly DomainName: string;
  readonly OriginPath?: string;
}

const nameOf = (value: unknown) => /function:([^:]+)/.exec(String(value))?.[1] ?? String(value);

function known(state: FakeState, name: string): FakeFunction {
  const fn = state.lambda.functions.get(name);
  if (!fn) throw new Error(`Function not found: ${name}`);
  return fn;
}

function codeOf(properties: Record<string, unknown>): { image: string | undefined; zip: string } {
  // A serverless function has its image beside the other properties.
  const code = (properties.Code ?? properties) as { ImageUri?: string; ZipFile?: string; S3Key?: string };
  return { image: code.ImageUri, zip: code.ZipFile ?? code.S3Key ?? '' };
}

function configurationOf(properties: Record<string, unknown>): Partial<FunctionConfiguration> {
  const variables = (properties.Environment as { Variables?: Record<string, string> } | undefined)?.Variables;
  return {
    memory: Number(properties.MemorySize ?? 128),
    timeout: Number(properties.Timeout ?? 3),
    environment: variables ?? {},
    ...(typeof properties.Role === 'string' ? { role: properties.Role } : {}),
    ...(Array.isArray(properties.Architectures) ? { architectures: properties.Architectures } : {}),
  };
}
