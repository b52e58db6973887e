import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readSamconfig, readStacks, stacksToStartFrom, writeStart } from '../../../src/lib/desks/starting.ts';
import { deployStack } from '../../../src/lib/stacks/index.ts';
import { type World, world } from '../stacks/setup.ts';

const TEMPLATE = JSON.stringify({
  Parameters: { Password: { Type: 'String', NoEcho: true }, Size: { Type: 'Number' } },
  Resources: { Topic: { Type: 'AWS::SNS::Topic', Properties: {} } },
});

let here: World;
let folder: string;
beforeEach(async () => {
  here = await world();
  folder = mkdtempSync(path.join(tmpdir(), 'infractl-starting-'));
});
afterEach(async () => {
  await here.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A stack that runs, which something else than this project has made. */
async function made(stackName: string, tags: Record<string, string> = {}) {
  const parameters = {
    Password: { value: 'correct-horse', secret: true },
    Size: { value: '7', secret: false },
  };
  await deployStack(here.deps, await here.spec(TEMPLATE, { stackName, tags, parameters }));
  const stack = here.fake.state.cloudFormation.find(stackName);
  if (!stack) throw new Error(`${stackName} was not made`);
  Object.assign(stack.desired, { role: 'arn:aws:iam::111122223333:role/deploy' });
  return stack;
}

describe('stacks that run', () => {
  it('are read with their template as it was sent, hidden values and all that stays; nothing is changed', async () => {
    await made('shop-prod', { Team: 'web' });
    const before = here.fake.mutations().length;
    const read = await readStacks(here.session, { names: ['shop-prod', 'shop-prod'] });
    expect(read.told).toBe('shop');
    const start = read.start('shop');
    expect(start.files).toEqual([{ path: 'infra/app.json', text: TEMPLATE }]);
    expect(start.secrets).toEqual([{ variable: 'PASSWORD', environment: undefined, value: undefined }]);
    expect(start.draft.environments).toMatchObject([{ name: 'prod', protected: true }]);
    expect(start.remarks.join('\n')).toContain(
      'shop-prod: CloudFormation goes on changing it by its service role',
    );
    expect(here.fake.mutations()).toHaveLength(before);
  });

  it('of another project, nested, not there or not whole are refused in words', async () => {
    const stack = await made('shop', { 'infractl:project': 'shop' });
    const read = await readStacks(here.session, { names: ['shop'] });
    expect(() => read.start('other')).toThrow('belongs to the project shop, not to other');
    await expect(readStacks(here.session, { names: ['nobody'] })).rejects.toMatchObject({
      code: 'StackNotFound',
    });
    Object.assign(stack, { status: 'ROLLBACK_COMPLETE' });
    await expect(readStacks(here.session, { names: ['shop'] })).rejects.toMatchObject({
      code: 'StackNotWhole',
    });
    Object.assign(stack, { status: 'CREATE_COMPLETE', parent: await made('around') });
    await expect(readStacks(here.session, { names: ['shop'] })).rejects.toMatchObject({
      code: 'NestedStack',
      suggestions: ['Start from that one: infractl init --from-stack around'],
    });
    expect((await stacksToStartFrom(here.session)).map(({ stackName }) => stackName)).toEqual(['around']);
  });
});

describe('a samconfig.toml', () => {
  const put = (name: string, text: string) => {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  };
  const read = (more = {}) => readSamconfig(folder, { file: 'samconfig.toml', ...more });

  it('names the source of what sam build made, and says so', async () => {
    put('template.yml', TEMPLATE);
    put('samconfig.toml', '[default.deploy.parameters]\ntemplate_file = ".aws-sam/build/template.yaml"\n');
    const start = (await read())('shop');
    expect(start.draft.stacks[0]?.template).toBe('template.yml');
    expect(start.remarks.join()).toContain('is what sam build made');
  });

  it('has no such environment, no template, no file: each is said with what there is', async () => {
    await expect(read()).rejects.toMatchObject({ code: 'NoSamconfig' });
    put('samconfig.toml', '[dev.deploy.parameters]\n[prod.deploy.parameters]\n');
    await expect(read()).rejects.toMatchObject({ code: 'TemplateMissing' });
    await expect(read({ environments: ['prd'] })).rejects.toMatchObject({
      code: 'NoSuchEnvironment',
      suggestions: ['Did you mean prod?', 'It has: dev, prod'],
    });
    put('infra/app.yaml', TEMPLATE);
    const start = (await read({ environments: ['prod'], template: 'infra/app.yaml' }))('shop');
    expect(start.draft.environments.map(({ name }) => name)).toEqual(['prod']);
  });

  it('a draft that infractl itself would refuse is not written', async () => {
    const plan = { folder, files: [{ path: 'infractl.yaml', text: 'project: Wrong Name\n' }], remarks: [] };
    await expect(writeStart(plan)).rejects.toMatchObject({ exit: 2 });
    expect(readdirSync(folder)).toEqual([]);
  });
});
