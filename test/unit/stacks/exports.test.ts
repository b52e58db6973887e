// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are CloudFormation's placeholders
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deployStack, readImports, type StackSpec } from '../../../src/lib/stacks/index.ts';
import { rejection, type World, world } from './setup.ts';

const network = (Outputs: object, Vpc: object = {}) => ({
  Resources: { Vpc: { Type: 'Fake::Thing', Properties: Vpc } },
  Outputs,
});
const VPC = { VpcId: { Value: { Ref: 'Vpc' }, Export: { Name: { 'Fn::Sub': '${AWS::StackName}-VpcId' } } } };
const STAGE = { Stage: { Value: 'dev', Export: { Name: 'stage' } } };

describe('an export that another stack imports', () => {
  let w: World;
  beforeEach(async () => {
    w = await world();
    await deployStack(w.deps, await spec(network({ ...VPC, ...STAGE })));
    const app = {
      Resources: {
        A: {
          Type: 'Fake::Thing',
          Properties: { Vpc: { 'Fn::ImportValue': 'network-VpcId' }, Stage: { 'Fn::ImportValue': 'stage' } },
        },
      },
    };
    await deployStack(w.deps, await w.spec(app, { stackName: 'app', part: 'stack app' }));
    w.actions();
  });
  afterEach(() => w.close());

  const spec = (template: object, more: Partial<StackSpec> = {}) =>
    w.spec(template, { stackName: 'network', part: 'stack network', ...more });
  const refused = async (template: object, more?: Partial<StackSpec>) => {
    const error = await rejection<Error & { why: string; suggestions: string[] }>(
      deployStack(w.deps, await spec(template, more)),
    );
    expect(error).toMatchObject({ code: 'ExportInUse', exit: 5 });
    expect(w.actions()).not.toContain('ExecuteChangeSet');
    expect(w.fake.state.cloudFormation.stack('network').changeSets.size).toBeLessThanOrEqual(1);
    return error;
  };

  it('is not taken away: who imports it is named, and what to do', async () => {
    const error = await refused(network(STAGE));
    expect(error.message).toBe(
      'The stack network cannot be updated: its export network-VpcId would be removed, and app imports it. Nothing was changed.',
    );
    expect(error.suggestions).toEqual([
      'Leave the export network-VpcId in for now. In the template of app put a parameter in place of !ImportValue network-VpcId, in infractl.yaml its value { output: network.VpcId }, and deploy; then take the export out.',
    ]);
  });

  it('gets no other name', async () => {
    const renamed = { VpcId: { ...VPC.VpcId, Export: { Name: 'vpc' } } };
    expect((await refused(network({ ...renamed, ...STAGE }))).message).toContain('would be removed');
  });

  it('gets no other value', async () => {
    const error = await refused(network({ ...VPC, Stage: { ...STAGE.Stage, Value: 'prod' } }));
    expect(error.message).toContain('its export stage would be changed, and app imports it');
    expect(error.suggestions[1]).toBe(
      'Or export the new value under another name beside the old one, and let app import that.',
    );
  });

  it('gets no other value by a parameter, nor by a condition that does not hold', async () => {
    const parameter = { Parameters: { S: { Type: 'String' } } };
    const byParameter = {
      ...network({ ...VPC, Stage: { ...STAGE.Stage, Value: { Ref: 'S' } } }),
      ...parameter,
    };
    const given = (value: string) => ({ parameters: { S: { value, secret: false } } });
    expect((await refused(byParameter, given('prod'))).message).toContain('would be changed');
    const byCondition = {
      ...network({ ...VPC, Stage: { ...STAGE.Stage, Condition: 'Dev' } }),
      ...parameter,
      Conditions: { Dev: { 'Fn::Equals': [{ Ref: 'S' }, 'dev'] } },
    };
    expect((await refused(byCondition, given('prod'))).message).toContain('would be removed');
    expect((await deployStack(w.deps, await spec(byParameter, given('dev')))).outcome).toBe('unchanged');
  });

  it('does not come from a resource that is replaced: that shows in the change set, which is withdrawn', async () => {
    const error = await refused(network({ ...VPC, ...STAGE }, { Replace: 'yes' }));
    expect(error.message).toContain('network-VpcId would be changed');
  });

  it('does not keep other changes of the stack back', async () => {
    const more = network({ ...VPC, ...STAGE, More: { Value: 'x', Export: { Name: 'more' } } });
    expect((await deployStack(w.deps, await spec(more))).outcome).toBe('updated');
    // Nobody imports it, so that it may go.
    expect((await deployStack(w.deps, await spec(network({ ...VPC, ...STAGE })))).outcome).toBe('updated');
  });

  it('is left to AWS where the credentials may not look who imports it', async () => {
    w.fake.faults.deny('cloudformation:ListImports');
    const done = deployStack(w.deps, await spec(network(STAGE)));
    await done.catch(() => {});
    expect(w.actions()).toContain('ExecuteChangeSet');
  });
});

describe('imports between the stacks of a project', () => {
  let w: World;
  beforeEach(async () => {
    w = await world();
  });
  afterEach(() => w.close());

  const stack = async (
    name: string,
    template: object | string,
    parameters: Record<string, string | undefined> = {},
  ) => ({
    name,
    stackName: `shop-${name}-dev`,
    template: (await w.spec(template)).templateFile,
    parameters,
  });
  const importing = (value: unknown) => ({
    Parameters: { From: { Type: 'String' } },
    Resources: { A: { Type: 'Fake::Thing', Properties: { Vpc: { 'Fn::ImportValue': value } } } },
  });

  it.each([
    ['by its name', 'shop-network-dev-VpcId', {}],
    ['by a parameter of the configuration', { 'Fn::Sub': '${From}-VpcId' }, { From: 'shop-network-dev' }],
    ['joined', { 'Fn::Join': ['-', [{ Ref: 'From' }, 'VpcId']] }, { From: 'shop-network-dev' }],
  ])('are found %s', async (_, value, parameters) => {
    const found = await readImports(
      [await stack('app', importing(value), parameters), await stack('network', network(VPC))],
      'eu-west-3',
    );
    expect(found).toEqual([
      { importer: 'app', exporter: 'network', export: 'shop-network-dev-VpcId', output: 'VpcId' },
    ]);
  });

  it('are found in the short form of YAML', async () => {
    const text =
      'Resources:\n  A:\n    Type: Fake::Thing\n    Properties:\n      V: !ImportValue shop-network-dev-VpcId\n';
    const found = await readImports(
      [await stack('app', text), await stack('network', network(VPC))],
      undefined,
    );
    expect(found).toMatchObject([{ importer: 'app', exporter: 'network' }]);
  });

  it('are not guessed, and a template that cannot be read has none', async () => {
    const found = await readImports(
      [
        await stack('app', importing({ 'Fn::Sub': '${From}-VpcId' }), { From: undefined }),
        await stack('other', importing('somebody-elses')),
        await stack('broken', 'Resources: [ImportValue'),
        { ...(await stack('gone', '')), template: '/nowhere/ImportValue.yaml' },
        await stack('network', network(VPC)),
      ],
      'eu-west-3',
    );
    expect(found).toEqual([]);
  });
});
