import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sameTemplate } from '../../../src/lib/stacks/change/compare.ts';
import { deployStack, PROJECT_TAG, planStack } from '../../../src/lib/stacks/index.ts';
import { rejection, things, type World, world } from './setup.ts';

describe('whether AWS has this very template', () => {
  const body = (text: string) =>
    `Resources:\n  A: {Type: AWS::SNS::Topic, Properties: {TopicName: ${text}}}\n`;

  it.each([
    ['the same text', body('a'), body('a'), true],
    ['other line ends and space at the end', body('a').replaceAll('\n', '\r\n'), `${body('a')}\n\n`, true],
    ['another value', body('a'), body('b'), false],
    ['another comment', `# a\n${body('a')}`, `# b\n${body('a')}`, false],
    [
      'letters that AWS gave back as ? in a comment',
      `# d?ploy?\n${body('a')}`,
      `# déployé\n${body('a')}`,
      true,
    ],
    ['letters that AWS gave back as ? in a value', body('d?j?'), body('déjà'), false],
    ['letters that AWS kept', body('déjà'), body('déjà'), true],
  ])('%s', (_, deployed, wanted, same) => {
    expect(sameTemplate(deployed, wanted)).toBe(same);
  });
});

describe('planStack', () => {
  let w: World;
  beforeEach(async () => {
    w = await world();
  });
  afterEach(() => w.close());

  const PARAMETERS = {
    Parameters: {
      Size: { Type: 'String', Default: 's' },
      Key: { Type: 'String', NoEcho: true, Default: 'k' },
    },
    Conditions: {
      Big: { 'Fn::Equals': [{ Ref: 'Size' }, 'l'] },
      Huge: { 'Fn::Not': [{ Condition: 'Big' }] },
    },
  };
  const base = things({ A: { Size: 1 }, B: { Size: { Ref: 'Size' } }, C: {} }, PARAMETERS);
  const OPEN = { Parameters: { Size: { Type: 'String', Default: 's' } } };

  it('of a stack that is not there adds everything, and calls nothing that changes', async () => {
    const plan = await planStack(w.deps, await w.spec(base));
    expect(plan.change).toBe('create');
    expect(plan.resources).toEqual(
      ['A', 'B', 'C'].map((logicalId) => ({ action: 'add', logicalId, type: 'Fake::Thing' })),
    );
    expect(w.fake.mutations()).toEqual([]);
  });

  it('tells what is added, removed and modified, by definition, parameter and condition', async () => {
    const huge = { E: { Type: 'Fake::Thing', Condition: 'Huge' } };
    const first = base as { Resources: object };
    await deployStack(w.deps, await w.spec({ ...first, Resources: { ...first.Resources, ...huge } }));
    const before = w.fake.mutations().length;
    const next = {
      ...PARAMETERS,
      Resources: {
        A: { Type: 'Fake::Thing', Properties: { Size: 2 } },
        B: { Type: 'Fake::Thing', Properties: { Size: { Ref: 'Size' } } },
        D: { Type: 'Fake::Thing', Condition: 'Big' },
        E: { Type: 'Fake::Thing', Condition: 'Huge' },
      },
    };
    const spec = await w.spec(next, {
      parameters: { Size: { value: 'l', secret: false } },
      tags: { [PROJECT_TAG]: 'shop', team: 'web' },
    });
    expect(await planStack(w.deps, spec)).toEqual({
      change: 'update',
      resources: [
        { action: 'modify', logicalId: 'A', type: 'Fake::Thing' },
        { action: 'modify', logicalId: 'B', type: 'Fake::Thing' },
        { action: 'add', logicalId: 'D', type: 'Fake::Thing' },
        { action: 'remove', logicalId: 'C', type: 'Fake::Thing' },
        { action: 'remove', logicalId: 'E', type: 'Fake::Thing' },
      ],
      parameters: ['Size'],
      tags: ['team'],
      undecided: ['Key'],
    });
    expect(w.fake.mutations().length).toBe(before);
  });

  it('is unchanged when all is equal, but for how it is written', async () => {
    await deployStack(w.deps, await w.spec(things({ A: { Size: 1 } }, OPEN)));
    const yaml = `Parameters:\n  Size: {Type: String, Default: s}\n# new comment\nResources:\n  A:\n    Type: Fake::Thing\n    Properties: {Size: 1}\n`;
    expect(await planStack(w.deps, await w.spec(yaml))).toMatchObject({ change: 'unchanged', resources: [] });
    const output = `${yaml}Outputs:\n  X: {Value: y}\n`;
    expect(await planStack(w.deps, await w.spec(output))).toMatchObject({ change: 'update', resources: [] });
  });

  it('says that it cannot know where values are hidden or come later', async () => {
    await deployStack(w.deps, await w.spec(base));
    expect(await planStack(w.deps, await w.spec(base))).toMatchObject({
      change: 'unknown',
      undecided: ['Key'],
    });
    const open = await w.spec(things({ A: {} }, OPEN), { stackName: 'open' });
    await deployStack(w.deps, open);
    expect((await planStack(w.deps, open)).change).toBe('unchanged');
    expect(await planStack(w.deps, open, ['Size'])).toMatchObject({ change: 'unknown', undecided: ['Size'] });
  });

  it('says when the stack would be deleted and made again', async () => {
    w.fake.state.cloudFormation.script.set('A', { fail: 'no' });
    const spec = await w.spec(base);
    await rejection(deployStack(w.deps, spec));
    const plan = await planStack(w.deps, spec);
    expect(plan.change).toBe('create');
    expect(plan.note).toMatch(/^It is in ROLLBACK_COMPLETE: .*It would be deleted first, then created\.$/);
  });

  it('refuses the stack of another project', async () => {
    await deployStack(w.deps, await w.spec(base));
    const spec = await w.spec(base, { tags: { [PROJECT_TAG]: 'blog' } });
    expect(await rejection(planStack(w.deps, spec))).toMatchObject({ code: 'NotOurStack' });
  });
});
