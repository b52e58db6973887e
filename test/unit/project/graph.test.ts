// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are CloudFormation's placeholders
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  collectWiring,
  type Edge,
  findCycles,
  type Graph,
  makeGraph,
  parsePart,
  partsNamed,
  reverseGraph,
  selectGraph,
} from '../../../src/lib/project/graph.ts';
import { buildGraph, type PartId, partKey } from '../../../src/lib/project/index.ts';
import { readImports } from '../../../src/lib/stacks/index.ts';
import { EXAMPLE, load } from './folder.ts';

const node = (i: number): PartId => ({ kind: 'stack', name: `s${i}` });
const edge = (from: number, to: number): Edge => ({ from: node(from), to: node(to), path: [] });
const keys = (nodes: readonly PartId[]) => nodes.map(partKey);

/** Any graph whose edges lead from higher to lower numbers, so without cycles; nodes in random order. */
const acyclic = fc.integer({ min: 1, max: 30 }).chain((size) =>
  fc.record({
    nodes: fc.shuffledSubarray(
      Array.from({ length: size }, (_, i) => i),
      { minLength: size },
    ),
    pairs: fc.array(fc.tuple(fc.nat(size - 1), fc.nat(size - 1)), { maxLength: 80 }),
  }),
);

function graphOf({ nodes, pairs }: { nodes: number[]; pairs: [number, number][] }): [Graph, Edge[]] {
  const edges = pairs.filter(([a, b]) => a !== b).map(([a, b]) => edge(Math.max(a, b), Math.min(a, b)));
  return [makeGraph(nodes.map(node), edges), edges];
}

describe('an import of what another stack of the project exports', () => {
  it('puts that stack first', async () => {
    const files = {
      'app.yaml':
        'Resources:\n  A: { Type: AWS::SNS::Topic, Properties: { DisplayName: !ImportValue p-network-dev-Vpc } }\n',
      'network.yaml':
        'Resources:\n  A: { Type: AWS::SNS::Topic }\nOutputs:\n  V: { Value: !Ref A, Export: { Name: !Sub "${AWS::StackName}-Vpc" } }\n',
    };
    const text = 'project: p\nstacks: { app: { template: app.yaml }, network: { template: network.yaml } }\n';
    const { project } = await load(text, { imports: readImports }, files);
    expect(keys(buildGraph(project).nodes)).toEqual(['stack network', 'stack app']);
    expect(keys(buildGraph((await load(text, {}, files)).project).nodes)).toEqual([
      'stack app',
      'stack network',
    ]);
  });
});

describe('the order', () => {
  it('has every part once, after all that it needs', () => {
    fc.assert(
      fc.property(acyclic, (input) => {
        const [graph, edges] = graphOf(input);
        const order = keys(graph.nodes);
        expect(new Set(order).size).toBe(input.nodes.length);
        expect(order.length).toBe(input.nodes.length);
        for (const { from, to } of edges) {
          expect(order.indexOf(partKey(to))).toBeLessThan(order.indexOf(partKey(from)));
        }
      }),
    );
  });

  it('reversed has every edge the other way', () => {
    fc.assert(
      fc.property(acyclic, (input) => {
        const [graph, edges] = graphOf(input);
        const order = keys(reverseGraph(graph).nodes);
        for (const { from, to } of edges) {
          expect(order.indexOf(partKey(from))).toBeLessThan(order.indexOf(partKey(to)));
        }
        expect([...order].sort()).toEqual(keys(graph.nodes).sort());
      }),
    );
  });

  it('of 200 stacks that all need each other does not walk each way of the many', () => {
    const edges: Edge[] = [];
    for (let i = 0; i < 200; i++) for (let j = 0; j < i; j++) edges.push(edge(i, j));
    const graph = makeGraph(
      Array.from({ length: 200 }, (_, i) => node(199 - i)),
      edges,
    );
    expect(findCycles(edges)).toEqual([]);
    selectGraph(graph, [node(199)], true);
    expect(keys(graph.nodes)[0]).toBe('stack s0');
  });
});

describe('a release on a host that is found by its tags', () => {
  it('comes after every stack but those that wait for it', async () => {
    const { project } = await load(`project: p
stacks:
  hosts: { template: infra/template.yaml }
  after: { template: infra/registry.yaml, after: ['release web'] }
hosts: { one: { tags: { Name: web } } }
releases: { web: { host: one, source: { git: 'https://example.com/web.git' } } }
`);
    expect(keys(buildGraph(project).nodes)).toEqual(['stack hosts', 'release web', 'stack after']);
  });
});

describe('cycles', () => {
  it('are found whenever there is one, and are circles of given edges', () => {
    fc.assert(
      fc.property(acyclic, fc.array(fc.nat(29), { minLength: 1, maxLength: 6 }), (input, picks) => {
        const [, edges] = graphOf(input);
        const size = input.nodes.length;
        const ring = [...new Set(picks.map((pick) => pick % size))];
        const closed = ring.map((from, i) => edge(from, ring[(i + 1) % ring.length] as number));
        const cycles = findCycles([...edges, ...closed]);
        expect(cycles.length).toBeGreaterThan(0);
        for (const cycle of cycles) {
          for (const [i, { from, to }] of cycle.entries()) {
            expect([...edges, ...closed]).toContainEqual({ from, to, path: [] });
            expect(partKey(to)).toBe(partKey((cycle[(i + 1) % cycle.length] as Edge).from));
          }
        }
      }),
    );
  });

  it('are not found where there is none', () => {
    fc.assert(
      fc.property(acyclic, (input) => {
        expect(findCycles(graphOf(input)[1])).toEqual([]);
      }),
    );
  });

  it('of a chain longer than the call stack are found', () => {
    const chain = Array.from({ length: 50_000 }, (_, i) => edge(i, i + 1));
    expect(findCycles(chain)).toEqual([]);
    expect(findCycles([...chain, edge(50_000, 0)])[0]).toHaveLength(50_001);
  });

  it('that share no part are all told', () => {
    const cycles = findCycles([edge(0, 1), edge(1, 0), edge(2, 3), edge(3, 2), edge(4, 4)]);
    expect(cycles.map((cycle) => cycle.length).sort()).toEqual([1, 2, 2]);
  });
});

describe('a selection', () => {
  /** All that a part needs, directly or not. */
  function closure(graph: Graph, id: PartId): Set<string> {
    const found = new Set<string>();
    const walk = (each: PartId) => {
      for (const need of graph.needs(each)) {
        if (found.has(partKey(need))) continue;
        found.add(partKey(need));
        walk(need);
      }
    };
    walk(id);
    return found;
  }

  it('keeps every order that the whole graph demands, also through parts that are left out', () => {
    fc.assert(
      fc.property(acyclic, fc.array(fc.nat(29), { minLength: 2 }), (input, picks) => {
        const [graph] = graphOf(input);
        const chosen = [...new Set(picks.map((pick) => pick % input.nodes.length))].map(node);
        const selected = selectGraph(graph, chosen);
        expect(keys(selected.nodes).sort()).toEqual(keys(chosen).sort());
        for (const a of chosen) {
          for (const b of chosen) {
            expect(closure(selected, a).has(partKey(b))).toBe(closure(graph, a).has(partKey(b)));
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  it('of the two ends of a chain has one after the other', () => {
    const graph = makeGraph([3, 2, 1, 0].map(node), [edge(3, 2), edge(2, 1), edge(1, 0)]);
    const selected = selectGraph(graph, [node(3), node(0)]);
    expect(keys(selected.nodes)).toEqual(['stack s0', 'stack s3']);
    expect(keys(selected.needs(node(3)))).toEqual(['stack s0']);
  });

  it('with its dependencies has all that it needs and nothing else', () => {
    fc.assert(
      fc.property(acyclic, fc.nat(29), (input, pick) => {
        const [graph] = graphOf(input);
        const id = node(pick % input.nodes.length);
        const wanted = [...closure(graph, id), partKey(id)].sort();
        expect(keys(selectGraph(graph, [id], true).nodes).sort()).toEqual(wanted);
      }),
    );
  });
});

describe('the graph of a project', () => {
  it('follows outputs, images, and puts checks after every function', async () => {
    const { project } = await load(EXAMPLE);
    const graph = buildGraph(project);
    expect(keys(graph.nodes)).toEqual([
      'stack registry',
      'image api',
      'stack app',
      'function api',
      'check health',
    ]);
    expect(keys(graph.needs({ kind: 'function', name: 'api' }))).toEqual(['stack app', 'image api']);
    expect(keys(graph.needs({ kind: 'check', name: 'health' }))).toEqual(['stack app', 'function api']);
    expect(keys(graph.neededBy({ kind: 'image', name: 'api' }))).toEqual(['stack app', 'function api']);
  });

  it('takes `after` by name, by kind and name, and never as itself where another is meant', async () => {
    const { project } = await load(`project: p
stacks:
  a: { template: infra/template.yaml, after: [b, image c] }
  b: { template: infra/template.yaml, after: [b] }
images:
  b: { context: ., repository: r.example.com/b }
  c: { context: ., repository: r.example.com/c }
`);
    const { edges } = collectWiring(project);
    expect(edges.map(({ from, to }) => `${partKey(from)} > ${partKey(to)}`)).toEqual([
      'stack a > stack b',
      'stack a > image b',
      'stack a > image c',
      'stack b > image b',
    ]);
  });

  it('names parts as people do', () => {
    const nodes: PartId[] = [
      { kind: 'image', name: 'api' },
      { kind: 'function', name: 'api' },
    ];
    expect(keys(partsNamed(nodes, 'api'))).toEqual(['image api', 'function api']);
    for (const text of ['image api', 'image:api', 'images/api'])
      expect(keys(partsNamed(nodes, text))).toEqual(['image api']);
    expect(partsNamed(nodes, 'stack api')).toEqual([]);
    expect(parsePart('api')).toBeUndefined();
  });
});
