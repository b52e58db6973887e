import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isLeftBehind } from '../../../../src/lib/stacks/diff/look.ts';
import { deployStack, diffStack } from '../../../../src/lib/stacks/index.ts';
import { rejection, type World, world } from '../setup.ts';

let w: World;
beforeEach(async () => {
  w = await world();
  await mkdir(join(w.folder, 'nested'));
});
afterEach(() => w.close());

const SECRET = 'never-shown-9f27c1d8a4b6';

/** A stack with one nested in it, which gets a secret that it does not hide itself. */
async function outer(inner: object, { size = '1', nested = true } = {}) {
  const parameters = { Password: { Type: 'String' }, Size: { Type: 'String' } };
  await writeFile(
    join(w.folder, 'nested/inner.yaml'),
    JSON.stringify({ Parameters: parameters, Resources: inner }),
  );
  const storage = {
    Type: 'AWS::CloudFormation::Stack',
    Properties: {
      TemplateURL: 'nested/inner.yaml',
      Parameters: { Password: { 'Fn::Sub': `$${'{Secret}'}-x` }, Size: { Ref: 'Size' } },
    },
  };
  const Topic = { Type: 'AWS::SNS::Topic' };
  return w.spec(
    {
      Parameters: { Secret: { Type: 'String', NoEcho: true }, Size: { Type: 'String' } },
      Resources: { Topic, ...(nested ? { Storage: storage } : {}) },
    },
    { parameters: { Secret: { value: SECRET, secret: true }, Size: { value: size, secret: false } } },
  );
}

const table = (key: string) => ({
  Table: {
    Type: 'AWS::DynamoDB::Table',
    Properties: {
      KeySchema: [{ AttributeName: key }],
      Note: { 'Fn::Sub': `$${'{Password}'}` },
      Size: { Ref: 'Size' },
    },
  },
});

const left = () =>
  w.fake.state.cloudFormation.stacks.flatMap(({ changeSets }) =>
    [...changeSets.values()].filter(({ execution }) => execution === 'AVAILABLE'),
  );

describe('nested stacks', () => {
  it.each([true, false])(
    'are expanded, and what is secret outside is secret inside (change set: %s)',
    async (changeSet) => {
      await deployStack(w.deps, await outer(table('id')));
      const diff = await diffStack(w.deps, { spec: await outer(table('key'), { size: '2' }), changeSet });
      const inner = diff.resources.find(({ path }) => path === 'Storage/Table');
      expect(inner).toMatchObject({ action: 'modify', replacement: 'always', dataLoss: 'lost' });
      const of = (name: string) =>
        inner?.properties.find(({ path }) => path.startsWith(`/Properties/${name}`));
      expect(of('Size')).toMatchObject({ before: '1', after: '2' });
      expect(of('KeySchema')?.replacement).toBe('always');
      expect(JSON.stringify(diff)).not.toContain('never-shown');
      expect(left()).toEqual([]);
    },
  );

  it('say what goes with one that is removed, in the diff and to the guard', async () => {
    await deployStack(w.deps, await outer(table('id')));
    const spec = await outer(table('id'), { nested: false });
    const diff = await diffStack(w.deps, { spec, changeSet: true });
    expect(diff.resources.map(({ action, path, dataLoss }) => [action, path, dataLoss])).toEqual([
      ['remove', 'Storage', undefined],
      ['remove', 'Storage/Table', 'lost'],
    ]);
    const error = await rejection(deployStack(w.deps, spec));
    expect(error).toMatchObject({ code: 'ReplacementRefused' });
    expect(error.why).toMatch(
      /^Storage\/Table \(AWS::DynamoDB::Table, .*\) would be deleted: its data is lost/,
    );
    const allowed = await deployStack(w.deps, { ...spec, allowReplacement: ['app/Storage/Table'] });
    expect(allowed.outcome).toBe('updated');
  });

  it('are guarded: what they would lose is named by its path', async () => {
    await deployStack(w.deps, await outer(table('id')));
    const spec = await outer(table('key'));
    const error = await rejection(deployStack(w.deps, spec));
    expect(error.why).toMatch(
      /^Storage\/Table \(AWS::DynamoDB::Table, .*\) would be replaced, because KeySchema changes/,
    );
    expect(left()).toEqual([]);
  });
});

describe('values of secrets', () => {
  const template = (more: object) => ({
    Parameters: { Plain: { Type: 'String' } },
    Resources: {
      Topic: { Type: 'AWS::SNS::Topic', Properties: { Note: { 'Fn::Sub': `pg:$${'{Plain}'}` }, ...more } },
    },
  });
  const given = (value: string) => ({ parameters: { Plain: { value, secret: true } } });

  it('are not shown where the template does not hide them either', async () => {
    await deployStack(w.deps, await w.spec(template({}), given(`${SECRET}-1`)));
    const spec = await w.spec(template({ Size: '2' }), given(`${SECRET}-2`));
    for (const changeSet of [true, false]) {
      const diff = await diffStack(w.deps, { spec, changeSet });
      expect(diff.change).toBe('update');
      expect(diff.resources[0]?.properties).toContainEqual(
        expect.objectContaining({ path: '/Properties/Size' }),
      );
      expect(JSON.stringify(diff)).not.toContain('never-shown');
    }
  });
});

describe('parameters that come later', () => {
  it('keep the value of the stack in the change set, and are told as unknown', async () => {
    const image = {
      Parameters: { Image: { Type: 'String' } },
      Resources: { F: { Type: 'Fake::Thing', Properties: { Image: { Ref: 'Image' } } } },
    };
    const spec = await w.spec(image, { parameters: { Image: { value: 'one', secret: false } } });
    await deployStack(w.deps, spec);
    const diff = await diffStack(w.deps, {
      spec: { ...spec, parameters: {} },
      later: ['Image'],
      changeSet: true,
    });
    expect(diff).toMatchObject({ change: 'unknown', basis: 'change set', resources: [] });
    expect(diff.parameters).toEqual([{ name: 'Image', before: 'one', unknown: true }]);
    const first = await diffStack(w.deps, {
      spec: { ...spec, stackName: 'new', parameters: {} },
      later: ['Image'],
      changeSet: true,
    });
    expect(first).toMatchObject({ change: 'create', basis: 'templates', resources: [{ action: 'add' }] });
  });
});

describe('a change set that was left behind', () => {
  const now = Date.parse('2026-01-05T09:00:00Z');
  const named = (name: string, age: number) => ({ name, createdAt: new Date(now - age) });
  const old = 'infractl-look-20260105T085900Z-abcdef-77-1a2b';

  it('is known by its name, and by its age or by its process that is gone', () => {
    expect(isLeftBehind(named(old, 60_000), now, () => false)).toBe(false);
    expect(isLeftBehind(named(old, 3_600_000), now, () => true)).toBe(true);
    expect(isLeftBehind(named('infractl-20260105T085900Z-1a2b3c4d', 3_600_000), now, () => false)).toBe(
      false,
    );
    expect(isLeftBehind(named('mine', 3_600_000), now, () => false)).toBe(false);
  });
});
