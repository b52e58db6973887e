import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createProject, listBlueprints, planProject } from '../../src/lib/blueprints/index.ts';
import { loadProject } from '../../src/lib/project/index.ts';

const root = path.resolve(import.meta.dirname, '../..');
const templates = path.join(root, 'templates');
const read = (file: string) => readFileSync(path.join(templates, file), 'utf8');

const everything = readdirSync(templates, { recursive: true, encoding: 'utf8' }).filter(
  (file) => !file.includes('node_modules') && statSync(path.join(templates, file)).isFile(),
);
const stackTemplates = everything.filter((file) => /(^|\/)infra\/.*\.yaml$/.test(file));

interface Template {
  readonly Parameters: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly Resources: Readonly<
    Record<
      string,
      { readonly Type: string; readonly DependsOn?: unknown; readonly Properties: Record<string, unknown> }
    >
  >;
  readonly Outputs: Readonly<Record<string, { readonly Value: unknown }>>;
}

/** Short tags are left out: `!Ref X` reads as `X`. */
function parsed(file: string): Template {
  return parse(read(file), { logLevel: 'silent' });
}

function properties(template: Template, id: string): Record<string, unknown> {
  const resource = template.Resources[id];
  if (!resource) throw new Error(`The template has no ${id}.`);
  return resource.Properties;
}

describe('every blueprint', () => {
  it('is made of tracked files alone, so that the package carries nobody’s secrets', async () => {
    const listed = spawnSync('git', ['ls-files', 'templates'], { cwd: root, encoding: 'utf8' });
    const tracked = new Set(listed.stdout.trim().split('\n'));
    const stray = everything.map((file) => `templates/${file}`).filter((file) => !tracked.has(file));
    expect(stray).toEqual([]);
  });

  it('has no file that npm leaves out of a package', () => {
    expect(everything.filter((file) => /(^|\/)(\.gitignore|\.npmrc|\.npmignore)$/.test(file))).toEqual([]);
  });

  it('has one project and one region to replace, in each infractl.yaml', () => {
    const files = everything.filter((file) => file.endsWith('infractl.yaml'));
    expect(files.length).toBeGreaterThanOrEqual(2);
    for (const file of files) {
      expect(read(file).match(/^project: \S+$/gm), file).toHaveLength(1);
      expect(read(file).match(/^region: \S+$/gm), file).toHaveLength(1);
    }
  });

  it('has a variable in its example for every secret that is made at random', async () => {
    for (const { name, generate } of await listBlueprints()) {
      for (const key of generate) {
        expect(read(`${name}/.env.secrets.example`)).toMatch(new RegExp(`^${key}=$`, 'm'));
      }
    }
  });

  it('is valid as it is made, in every environment, without a warning', async () => {
    for (const blueprint of await listBlueprints()) {
      const target = path.join(mkdtempSync(path.join(tmpdir(), 'infractl-blueprint-')), blueprint.name);
      try {
        await createProject(await planProject({ blueprint, target }));
        for (const environment of ['dev', 'prod']) {
          const loaded = await loadProject({ cwd: target, environment, git: false, env: {} });
          expect(loaded.warnings, blueprint.name).toEqual([]);
          expect(loaded.project.protected).toBe(environment === 'prod');
        }
      } finally {
        rmSync(path.dirname(target), { recursive: true });
      }
    }
  });

  it('auth-manager is a configuration that infractl accepts, in every environment', async () => {
    const project = await loadProject({
      cwd: path.join(templates, 'auth-manager'),
      environment: 'prod',
      git: false,
      env: {},
    });
    expect(project.warnings).toEqual([]);
    expect(project.project.environments).toEqual(['dev', 'prod']);
    expect(project.project.protected).toBe(true);
    for (const stack of project.project.stacks.values()) {
      expect(stack.parameters).toMatchObject({ ServiceName: 'auth-manager', EnvironmentName: 'prod' });
    }
  });

  it('has templates in ASCII: CloudFormation turns anything else into question marks', () => {
    expect(stackTemplates.length).toBeGreaterThanOrEqual(3);
    for (const file of stackTemplates) expect(read(file), file).toMatch(/^[\x20-\x7e\n]*$/);
  });

  it.skipIf(!linter())('passes cfn-lint without a warning', () => {
    const result = spawnSync(linter() ?? '', ['--', ...stackTemplates], { cwd: templates, encoding: 'utf8' });
    expect(`${result.stdout}${result.stderr}`).toBe('');
    expect(result.status).toBe(0);
  });

  it('has applications whose types hold', () => {
    const tsc = path.join(root, 'node_modules/typescript/bin/tsc');
    const args = [tsc, '--noEmit', '-p', path.join(root, 'tsconfig.templates.json')];
    const result = spawnSync(process.execPath, args, { encoding: 'utf8' });
    expect(result.stdout).toBe('');
    expect(result.status).toBe(0);
  });
});

/** cfn-lint of the path, or the one that CFN_LINT names. */
function linter(): string | undefined {
  const command = process.env.CFN_LINT ?? 'cfn-lint';
  return spawnSync(command, ['--version']).status === 0 ? command : undefined;
}

describe('site', () => {
  const site = parsed('site/infra/template.yaml');

  it('has a bucket that nobody but its distribution may read, and TLS alone', () => {
    expect(properties(site, 'Bucket')).toMatchObject({
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
    });
    const { PolicyDocument: policy } = properties(site, 'BucketPolicy') as {
      PolicyDocument: { Statement: { Effect: string; Principal: unknown; Condition?: object }[] };
    };
    const allowed = policy.Statement.filter(({ Effect }) => Effect === 'Allow');
    expect(allowed).toMatchObject([
      {
        Principal: { Service: 'cloudfront.amazonaws.com' },
        Action: 's3:GetObject',
        Condition: { StringEquals: { 'aws:SourceArn': expect.stringContaining(`\${Distribution}`) } },
      },
    ]);
    const { DistributionConfig: config } = properties(site, 'Distribution');
    expect(config).toMatchObject({
      DefaultCacheBehavior: { ViewerProtocolPolicy: 'redirect-to-https', Compress: true },
      HttpVersion: 'http2and3',
    });
  });

  it('keeps the mark of whose it is for itself', async () => {
    const text = read('site/infra/template.yaml');
    expect(text).toMatch(/Effect: Deny[\s\S]*\/\.infractl\.json"/);
  });

  it('publishes a folder that is no secret, to the bucket and the distribution of its stack', async () => {
    const { project, warnings } = await loadProject({
      cwd: path.join(templates, 'site'),
      environment: 'prod',
      git: false,
      env: {},
    });
    expect(warnings).toEqual([]);
    expect(project.sites.get('web')).toMatchObject({
      folder: path.join(templates, 'site/public'),
      bucket: { output: 'site.BucketName' },
      distribution: { output: 'site.DistributionId' },
    });
    for (const output of ['BucketName', 'DistributionId', 'SiteUrl'])
      expect(site.Outputs).toHaveProperty(output);
  });
});

describe('mbot', () => {
  const app = parsed('mbot/infra/template.yaml');
  const named = `\${ServiceName}-\${EnvironmentName}`;

  it('is one t3.small host of Ubuntu behind an elastic address, in a public subnet of its own network', () => {
    expect(app.Parameters.InstanceType).toMatchObject({ Default: 't3.small' });
    expect(String(app.Parameters.NewestUbuntu?.Default)).toContain('/canonical/ubuntu/server/24.04/');
    expect(properties(app, 'Vpc')).toMatchObject({ CidrBlock: '10.0.0.0/16' });
    expect(properties(app, 'DefaultRoute')).toMatchObject({ DestinationCidrBlock: '0.0.0.0/0' });
    expect(properties(app, 'Instance')).toMatchObject({ SubnetId: 'Subnet', KeyName: 'KeyPair' });
    expect(properties(app, 'ElasticIpAssociation')).toMatchObject({ InstanceId: 'Instance' });
  });

  it('has an encrypted disk of 20 GiB gp3, and metadata for those alone who ask twice', () => {
    expect(app.Parameters.VolumeSize).toMatchObject({ Default: 20 });
    expect(properties(app, 'Instance')).toMatchObject({
      BlockDeviceMappings: [{ DeviceName: '/dev/sda1', Ebs: { VolumeType: 'gp3', Encrypted: true } }],
      MetadataOptions: { HttpTokens: 'required' },
    });
  });

  it('opens HTTP and HTTPS to all, and SSH to named addresses alone', () => {
    const { SecurityGroupIngress: rules } = properties(app, 'SecurityGroup') as {
      SecurityGroupIngress: (Record<string, unknown> | unknown[])[];
    };
    const flat = rules.map((rule) => (Array.isArray(rule) ? rule[1] : rule) as Record<string, unknown>);
    expect(flat.map(({ ToPort, CidrIp }) => `${ToPort} ${CidrIp}`)).toEqual([
      '80 0.0.0.0/0',
      '443 0.0.0.0/0',
      '22 SshCidr',
      '22 SshCidr2',
      '22 SshCidr3',
    ]);
    expect(app.Parameters.SshCidr).not.toHaveProperty('Default');
    const pattern = new RegExp(`^(?:${String(app.Parameters.SshCidr?.AllowedPattern)})$`);
    for (const good of ['203.0.113.7/32', '10.8.0.0/16']) expect(good).toMatch(pattern);
    for (const bad of ['0.0.0.0/0', '10.0.0.0/8', '203.0.113.7']) expect(bad).not.toMatch(pattern);
  });

  it('lets the host write its own logs and metrics, be reached by Systems Manager, and nothing else', () => {
    const role = properties(app, 'Role') as {
      ManagedPolicyArns: string[];
      Policies: [{ PolicyDocument: { Statement: { Action: string | string[]; Resource: unknown }[] } }];
    };
    expect(role.ManagedPolicyArns.join()).toMatch(/AmazonSSMManagedInstanceCore$/);
    const [logs, metrics] = role.Policies[0].PolicyDocument.Statement;
    expect(logs?.Resource).toEqual(['SystemLogGroup.Arn', 'NginxLogGroup.Arn']);
    expect(metrics).toMatchObject({ Action: 'cloudwatch:PutMetricData', Condition: {} });
  });

  it('alarms by mail at status, processor, memory and disk, and never for a host that is off', () => {
    const alarms = Object.values(app.Resources).filter(({ Type }) => Type === 'AWS::CloudWatch::Alarm');
    expect(alarms.map(({ Properties }) => [Properties.AlarmName, Properties.Threshold])).toEqual([
      [`${named}-status`, 1],
      [`${named}-cpu`, 80],
      [`${named}-memory`, 85],
      [`${named}-disk`, 85],
    ]);
    for (const { Properties } of alarms) {
      expect(Properties).toMatchObject({ TreatMissingData: 'notBreaching', AlarmActions: ['AlarmTopic'] });
    }
    expect(app.Resources.AlarmSubscription).toMatchObject({ Condition: 'HasAlarmEmail' });
  });

  it('has user data whose agent reports what the alarms look at', () => {
    const { UserData } = properties(app, 'Instance') as { UserData: { 'Fn::Base64': string } };
    const script = UserData['Fn::Base64'];
    expect(spawnSync('bash', ['-n'], { input: script.replaceAll('${', '$_{') }).status).toBe(0);
    const [, json = ''] = /<<'END'\n([\s\S]*?)\nEND\n/.exec(script) ?? [];
    expect(JSON.parse(json)).toMatchObject({
      metrics: {
        namespace: named,
        aggregation_dimensions: [['InstanceId']],
        metrics_collected: { mem: {}, disk: { resources: ['/'] } },
      },
    });
  });

  it('keeps the four secrets of the application out of git', () => {
    const example = read('mbot/.env.secrets.example');
    for (const key of ['PERPLEXITY_API_KEY', 'MONGODB_URI', 'MONGODB_DATABASE', 'MONGODB_COLLECTION'])
      expect(example).toMatch(new RegExp(`^${key}=`, 'm'));
    expect(read('mbot/gitignore')).toMatch(/^\/ssh\/$/m);
  });

  it('has an application that Python takes, and that needs no package', () => {
    const app = path.join(templates, 'mbot/app');
    const check = 'import ast,sys;[ast.parse(open(f).read(), f) for f in sys.argv[1:]]';
    const sources = everything.filter((file) => /^mbot\/app\/.*\.py$/.test(file));
    const ran = spawnSync('python3', ['-c', check, ...sources.map((file) => path.join(templates, file))]);
    expect(ran.status).toBe(0);
    expect(readFileSync(path.join(app, 'requirements.txt'), 'utf8')).toMatch(/^(#.*\n)+$/);
  });
});

describe('auth-manager', () => {
  const app = parsed('auth-manager/infra/template.yaml');
  const registry = parsed('auth-manager/infra/registry.yaml');
  const named = `\${ServiceName}-\${EnvironmentName}`;

  it('keeps the newest 10 images, scans each, and spares the ones tagged keep-*', () => {
    const repository = properties(registry, 'Repository');
    expect(repository).toMatchObject({
      RepositoryName: named,
      ImageScanningConfiguration: { ScanOnPush: true },
    });
    const { LifecyclePolicyText: text } = repository.LifecyclePolicy as { LifecyclePolicyText: string };
    const { rules } = JSON.parse(text) as {
      rules: { rulePriority: number; selection: Record<string, unknown> }[];
    };
    expect(rules.map(({ rulePriority, selection }) => ({ rulePriority, ...selection }))).toEqual([
      {
        rulePriority: 1,
        tagStatus: 'tagged',
        tagPrefixList: ['keep-'],
        countType: 'imageCountMoreThan',
        countNumber: 100,
      },
      { rulePriority: 2, tagStatus: 'any', countType: 'imageCountMoreThan', countNumber: 10 },
    ]);
  });

  it('lets Lambda of this account read the images', () => {
    const { Statement: statements } = properties(registry, 'Repository').RepositoryPolicyText as {
      Statement: {
        Action: string[];
        Principal: unknown;
        Condition: Record<string, Record<string, string>>;
      }[];
    };
    expect(statements).toHaveLength(1);
    expect(statements[0]).toMatchObject({
      Principal: { Service: 'lambda.amazonaws.com' },
      Action: ['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
    });
    expect(statements[0]?.Condition.StringLike?.['aws:sourceArn']).toContain(`:\${AWS::AccountId}:function:`);
  });

  it('has the parameters of the system, and its secrets are not echoed', () => {
    expect(app.Parameters).toMatchObject({
      JwtSecret: { NoEcho: true, MinLength: 32 },
      DatabaseUrl: { NoEcho: true, Default: '' },
      LambdaMemorySize: { Default: 1024, MinValue: 128, MaxValue: 10240 },
      LambdaTimeout: { Default: 30, MinValue: 1, MaxValue: 900 },
      CorsAllowedOrigins: { Default: '*' },
    });
    for (const [name, parameter] of Object.entries(app.Parameters)) {
      expect(JSON.stringify(app.Outputs), `${name} in the outputs`).not.toContain(`"${name}"`);
      const constrained = ['AllowedPattern', 'MinLength'].some((key) => key in parameter);
      if (constrained) expect(parameter, name).toHaveProperty('ConstraintDescription');
    }
  });

  it('takes a PostgreSQL URL or none', () => {
    const pattern = new RegExp(`^(?:${String(app.Parameters.DatabaseUrl?.AllowedPattern)})$`);
    for (const good of ['', 'postgres://u:p@h:5432/d', 'postgresql://h/d?sslmode=require']) {
      expect(good).toMatch(pattern);
    }
    for (const bad of ['mysql://h/d', 'postgres://', 'postgres://h /d', ' '])
      expect(bad).not.toMatch(pattern);
  });

  it('traces, logs for 30 days, and takes its sizes from the parameters', () => {
    expect(properties(app, 'Function')).toMatchObject({
      FunctionName: named,
      PackageType: 'Image',
      Tracing: 'Active',
      MemorySize: 'LambdaMemorySize',
      Timeout: 'LambdaTimeout',
      Architectures: ['x86_64'],
      LoggingConfig: { LogGroup: 'FunctionLogGroup' },
    });
    const groups = ['FunctionLogGroup', 'ApiLogGroup'].map((id) => properties(app, id));
    expect(groups).toEqual([
      { LogGroupName: `/aws/lambda/${named}`, RetentionInDays: 30 },
      { LogGroupName: `/aws/apigateway/${named}`, RetentionInDays: 30 },
    ]);
  });

  it('may write its own log and traces, and nothing else', () => {
    const [policy] = properties(app, 'FunctionRole').Policies as [
      { PolicyDocument: { Statement: { Action: string[]; Resource: string }[] } },
    ];
    const allowed = policy.PolicyDocument.Statement.map(({ Action, Resource }) => [Resource, ...Action]);
    expect(allowed).toEqual([
      ['FunctionLogGroup.Arn', 'logs:CreateLogStream', 'logs:PutLogEvents'],
      ['*', 'xray:PutTraceSegments', 'xray:PutTelemetryRecords'],
    ]);
  });

  it('sends all traffic through the alias, which the template never moves', () => {
    expect(properties(app, 'LiveAlias')).toMatchObject({ Name: 'live', FunctionVersion: '$LATEST' });
    expect(properties(app, 'Integration')).toMatchObject({
      IntegrationUri: 'LiveAlias',
      PayloadFormatVersion: '2.0',
    });
    expect(properties(app, 'ApiMayInvoke')).toMatchObject({ FunctionName: 'LiveAlias' });
    expect(properties(app, 'DefaultRoute')).toMatchObject({ RouteKey: '$default' });
    expect(properties(app, 'Function')).not.toHaveProperty('AutoPublishAlias');
    const types = Object.values(app.Resources).map(({ Type }) => Type);
    expect(types).not.toContain('AWS::Lambda::Version');
  });

  it('writes an access log that is one JSON object a line', () => {
    const stage = properties(app, 'DefaultStage') as { AccessLogSettings: { Format: string } };
    expect(stage).toMatchObject({ StageName: '$default', AutoDeploy: true });
    const fields = JSON.parse(stage.AccessLogSettings.Format) as Record<string, string>;
    for (const value of Object.values(fields)) expect(value).toMatch(/^\$context\.[A-Za-z.]+$/);
  });

  it('alarms at more than 10 errors in 5 minutes twice in a row, and at the first throttle', () => {
    expect(properties(app, 'ErrorsAlarm')).toMatchObject({
      AlarmName: `${named}-errors`,
      MetricName: 'Errors',
      Statistic: 'Sum',
      Period: 300,
      EvaluationPeriods: 2,
      Threshold: 10,
      ComparisonOperator: 'GreaterThanThreshold',
      TreatMissingData: 'notBreaching',
    });
    expect(properties(app, 'ThrottlesAlarm')).toMatchObject({
      AlarmName: `${named}-throttles`,
      MetricName: 'Throttles',
      Statistic: 'Sum',
      EvaluationPeriods: 1,
      Threshold: 1,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      TreatMissingData: 'notBreaching',
    });
  });

  it('as a zip is the same stack but for the packaging of the function', () => {
    const zip = read('auth-manager/variants/zip/infra/template.yaml');
    const image = read('auth-manager/infra/template.yaml');
    const parameter =
      '  ImageUri:\n    Type: String\n    Description: The image by digest, in an ECR repository of this region.\n';
    const asImage = '      PackageType: Image\n      ImageUri: !Ref ImageUri\n';
    const asZip = '      Runtime: nodejs24.x\n      Handler: src/lambda.handler\n      CodeUri: ../app\n';
    expect(image).toContain(parameter);
    expect(image.replace(parameter, '').replace(asImage, asZip)).toBe(zip);
  });

  it('as a zip is the same project but for image, registry and function', async () => {
    const load = (folder: string) =>
      parse(read(`auth-manager/${folder}infractl.yaml`)) as Record<string, Record<string, unknown>>;
    const { images: _, ...expected } = structuredClone(load(''));
    const { registry: __, ...stacks } = expected.stacks ?? {};
    const { ImageUri: ___, ...parameters } = (stacks.app as { parameters: Record<string, unknown> })
      .parameters;
    expect(load('variants/zip/')).toEqual({
      ...expected,
      stacks: { app: { ...(stacks.app as object), parameters } },
      functions: { api: { name: { output: 'app.FunctionName' }, zip: 'app' } },
    });
  });

  it('has a handler where the zip variant looks for it', () => {
    expect(existsSync(path.join(templates, 'auth-manager/app/src/lambda.js'))).toBe(true);
    expect(read('auth-manager/app/src/lambda.js')).toContain('export async function handler(');
    expect(parse(read('auth-manager/app/package.json'))).toMatchObject({ type: 'module' });
  });

  it('builds on a base that has nothing but Node, and copies all that the application imports', () => {
    const dockerfile = read('auth-manager/app/Dockerfile');
    expect(dockerfile).not.toMatch(/^\s*RUN\b/m);
    expect(dockerfile.match(/^FROM .*/gm)).toEqual([`FROM \${BASE_IMAGE}`]);
    expect(dockerfile).toMatch(/^CMD \["\/usr\/local\/bin\/node", "src\/main\.js"\]$/m);
    const ignored = read('auth-manager/app/.dockerignore').split('\n');
    for (const [, from = ''] of dockerfile.matchAll(/^COPY (\S+?)\/? /gm))
      expect(ignored).toContain(`!${from}`);
  });

  it('vendors exactly what its script makes of the pinned driver', async () => {
    const script = path.join(root, 'scripts/vendor.mjs');
    const result = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' });
    expect(result.stderr).toBe('');
    expect(result.status).toBe(0);
    const file = 'auth-manager/app/vendor/postgres.js';
    expect(statSync(path.join(templates, file)).size).toBeLessThan(150 * 1024);
    const version = /npm package postgres (\S+)/.exec(read(file))?.[1];
    expect(read('auth-manager/app/vendor/README.md')).toContain(`\`postgres\` ${version} `);
  });
});
