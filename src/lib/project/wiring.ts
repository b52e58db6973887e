import { listed, nearest } from '../base/text.ts';
import type { DetailedFinding } from './findings.ts';
import { collectWiring, type Edge, findCycles } from './graph.ts';
import { placeName } from './issues.ts';
import { type ConfiguredId, type Project, partKey } from './model.ts';
import type { ConfigPath, Position } from './problems.ts';

/**
 * References to parts that are not there, parts that need each other in a circle, and stacks with one name.
 *
 * @param invalid parts that are there, but could not be built
 */
export function checkWiring(
  project: Project,
  invalid: readonly ConfiguredId[],
  locate: (path: ConfigPath) => Position,
): DetailedFinding[] {
  const { nodes, edges, dangling } = collectWiring(project, invalid);
  return [
    ...dangling.map((edge) => danglingFinding(edge, nodes)),
    ...findCycles(edges).map((cycle) => cycleFinding(cycle, edges, locate)),
    ...sameNames(project),
  ];
}

/** Two parts that are one stack in AWS: each deploy of one would take away what the other one has made. */
function sameNames({ stacks }: Pick<Project, 'stacks'>): DetailedFinding[] {
  const owners = new Map<string, string>();
  return [...stacks.values()].flatMap(({ name, stackName }): DetailedFinding[] => {
    const other = owners.get(stackName);
    if (other === undefined) {
      owners.set(stackName, name);
      return [];
    }
    return [
      {
        path: ['stacks', name, 'name'],
        at: 'value',
        message: `the stacks ${other} and ${name} are both called ${stackName} in AWS.`,
        expected: 'Give each a "name:" of its own.',
      },
    ];
  });
}

function danglingFinding({ to, path }: Edge, nodes: readonly ConfiguredId[]): DetailedFinding {
  const names = nodes.filter((node) => node.kind === to.kind).map((node) => node.name);
  const near = nearest(to.name, names);
  // The key of the reference itself says nothing that the sentence does not.
  const owner = typeof path.at(-1) === 'number' ? path : path.slice(0, -1);
  const there = names.length ? `The ${to.kind}s are ${listed(names)}.` : `The project has no ${to.kind}s.`;
  return {
    path,
    at: 'value',
    message: `${placeName(owner)} refers to the ${to.kind} "${to.name}", which is not there${near ? `; did you mean "${near}"?` : '.'}`,
    expected: there,
  };
}

function cycleFinding(
  cycle: readonly Edge[],
  edges: readonly Edge[],
  locate: (path: ConfigPath) => Position,
): DetailedFinding {
  const [first] = cycle as readonly [Edge];
  const circle = [...cycle.map((edge) => partKey(edge.from)), partKey(first.from)].join(' → ');
  return {
    path: first.path,
    at: 'value',
    message: `parts need each other in a circle: ${circle}.`,
    expected: wayOut(cycle, edges) ?? 'Take one of these away:',
    details: cycle.map((edge) => {
      const { file, line, column } = locate(edge.path);
      const what = edge.output ? `, for ${edge.output}` : '';
      return `${file}:${line}:${column}: ${partKey(edge.from)} needs ${partKey(edge.to)} (${placeName(edge.path)}${what})`;
    }),
  };
}

/**
 * Which value to move so that the circle is none, where stacks give each other outputs: the link that carries
 * the fewest. What makes those goes into the stack that needs them, which then gives them like its own.
 */
function wayOut(cycle: readonly Edge[], edges: readonly Edge[]): string | undefined {
  const links = cycle.map((edge) => {
    const same = edges.filter(
      ({ from, to }) => partKey(from) === partKey(edge.from) && partKey(to) === partKey(edge.to),
    );
    const outputs = [...new Set(same.map(({ output }) => output))];
    return { from: edge.from, to: edge.to, outputs };
  });
  const movable = links.flatMap(({ from, to, outputs }) =>
    from.kind === 'stack' && partKey(from) !== partKey(to) && outputs.every((one) => one !== undefined)
      ? [{ from, to, outputs: outputs as string[] }]
      : [],
  );
  const fewest = movable.reduce<(typeof movable)[number] | undefined>(
    (best, one) => (best && best.outputs.length <= one.outputs.length ? best : one),
    undefined,
  );
  if (!fewest) return undefined;
  const { from, to, outputs } = fewest;
  return `Move what makes ${listed(outputs)} out of the ${partKey(to)}: into the ${partKey(from)}, which needs it, or into a stack of its own that both take it from.`;
}
