import { listed, nearest } from '../base/text.ts';
import type { DetailedFinding } from './findings.ts';
import { collectWiring, type Edge, findCycles } from './graph.ts';
import { placeName } from './issues.ts';
import { type ConfiguredId, type Project, partKey } from './model.ts';
import type { ConfigPath, Position } from './problems.ts';

/**
 * References to parts that are not there, and parts that need each other in a circle.
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
    ...findCycles(edges).map((cycle) => cycleFinding(cycle, locate)),
  ];
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

function cycleFinding(cycle: readonly Edge[], locate: (path: ConfigPath) => Position): DetailedFinding {
  const [first] = cycle as readonly [Edge];
  const circle = [...cycle.map((edge) => partKey(edge.from)), partKey(first.from)].join(' → ');
  return {
    path: first.path,
    at: 'value',
    message: `parts need each other in a circle: ${circle}.`,
    expected: 'Take one of these away:',
    details: cycle.map((edge) => {
      const { file, line, column } = locate(edge.path);
      return `${file}:${line}:${column}: ${partKey(edge.from)} needs ${partKey(edge.to)} (${placeName(edge.path)})`;
    }),
  };
}
