import { describe, expect, it } from 'vitest';
import { showing } from '../../../src/lib/project/index.ts';
import { failure, load } from './folder.ts';

/** `costs:` of infractl.yaml: how much each stack is used. */

const project = (costs: string) => `project: shop
environments: { dev: {}, prod: { costs: { app: { requests: 9000000, logs: null } } } }
stacks:
  app: { template: infra/template.yaml }
costs:
${costs}`;
const SAID = `  app:
    requests: [10, 20, 30]
    logs: 4
    resources: { Api: { requests: 5 }, Storage/Table: { reads: 0 } }
`;

describe('how much a stack is used', () => {
  it('is a number or three, for the stack or for one of its resources', async () => {
    const { project: found } = await load(project(SAID), { environment: 'dev' });
    expect(found.costs.get('app')).toEqual({
      name: 'app',
      usage: { requests: { low: 10, typical: 20, high: 30 }, logs: { low: 4, typical: 4, high: 4 } },
      resources: {
        Api: { requests: { low: 5, typical: 5, high: 5 } },
        'Storage/Table': { reads: { low: 0, typical: 0, high: 0 } },
      },
    });
  });

  it('is another one in another environment, which may take a word away', async () => {
    const { project: found } = await load(project(SAID), { environment: 'prod' });
    expect(Object.keys(found.costs.get('app')?.usage ?? {})).toEqual(['requests']);
    expect(found.costs.get('app')?.usage.requests?.typical).toBe(9_000_000);
  });

  it('is shown as it is written', async () => {
    const { project: found } = await load(project(SAID), { environment: 'dev' });
    const { effectiveConfiguration } = await showing();
    expect(effectiveConfiguration(found, { env: {} }).costs).toEqual({
      app: {
        requests: [10, 20, 30],
        logs: 4,
        resources: { Api: { requests: 5 }, 'Storage/Table': { reads: 0 } },
      },
    });
  });

  it.each([
    [
      '  app: { requests: -1 }',
      'costs.app.requests is neither a number of 0 or more nor three that do not fall',
    ],
    ['  app: { requests: [3, 2, 1] }', 'costs.app.requests is neither'],
    ['  app: { requests: [1, 2] }', 'costs.app.requests is neither'],
    ['  app: { requests: often }', 'costs.app.requests is neither'],
    ['  app: { reqests: 1 }', 'did you mean "requests"?'],
    ['  app: { resources: { Api: { secnds: 1 } } }', 'did you mean "seconds"?'],
    ['  app: { resources: { "a b": { seconds: 1 } } }', 'the logical id of a resource'],
    ['  ap: { requests: 1 }', 'costs refers to the stack "ap", which is not there; did you mean "app"?'],
  ])('%s is a mistake with its place', async (costs, words) => {
    const { code, exit, all } = await failure(load(project(`${costs}\n`), { environment: 'dev' }));
    expect([code, exit]).toEqual(['InvalidConfiguration', 2]);
    expect(all).toContain(words);
    expect(all).toMatch(/infractl\.yaml:\d+:\d+/);
  });
});
