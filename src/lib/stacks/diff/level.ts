import { nestedTemplates } from '../packaging/nested.ts';
import type { StacksPort } from '../port.ts';
import { readTemplate, type Template } from '../template/template.ts';
import { type Plain, plain } from '../template/yaml.ts';
import { evaluate, isKnown, isTree } from './evaluate.ts';
import { compareResources, mentions, type Side, sideOf, typeOf } from './resources.ts';
import type { ResourceDiff } from './types.ts';
import { inline } from './values.ts';

/** One template of a tree of nested stacks, as it is and as it is to be. */
export interface Level {
  /** Undefined: there is no stack yet. */
  readonly before: Side | undefined;
  /** Undefined: it goes. */
  readonly after: Side | undefined;
  /** By the templates alone. */
  readonly resources: readonly ResourceDiff[];
  /** Parameters whose value must not be seen. */
  readonly secrets: ReadonlySet<string>;
  readonly nested: ReadonlyMap<string, Level>;
}

const NESTED = 'AWS::CloudFormation::Stack';
const DEEPEST = 8;

/** What a level is made of. */
export interface LevelOrder {
  /** The name or ID of the stack as it is; undefined: there is none. */
  readonly stack: string | undefined;
  readonly before: Side | undefined;
  readonly after: Side | undefined;
  /** The template of `after` as it is on this machine, with the paths of nested ones. */
  readonly local: Template | undefined;
  readonly secrets: ReadonlySet<string>;
  /** The text of a nested template as AWS would get it. */
  readonly textOf: (template: Template) => string;
}

/** The calls that it reads nested stacks with. */
type LevelPort = Pick<StacksPort, 'resources' | 'stack' | 'template'>;

/**
 * Compares two templates, and those of the nested stacks that can be read. Reading calls only.
 *
 * @param port undefined where there is no stack in AWS to compare with
 */
export async function levelOf(port: LevelPort | undefined, order: LevelOrder, depth = 0): Promise<Level> {
  const { before, after, secrets } = order;
  const empty = before ?? after;
  const resources = after
    ? compareResources(before, after)
    : empty
      ? compareResources(empty, { ...empty, resources: new Map() })
      : [];
  const nested = depth < DEEPEST ? await nestedLevels(port, order, depth) : new Map<string, Level>();
  return { before, after, resources, secrets, nested };
}

async function nestedLevels(
  port: LevelPort | undefined,
  order: LevelOrder,
  depth: number,
): Promise<Map<string, Level>> {
  const found = new Map<string, Level>();
  const idsIn = (side: Side | undefined) =>
    [...(side?.resources ?? [])].filter(([, one]) => typeOf(one) === NESTED).map(([id]) => id);
  const there = idsIn(order.before);
  const ids = new Set([...there, ...idsIn(order.after)]);
  if (ids.size === 0) return found;
  const [local, deployed] = await Promise.all([
    order.local ? nestedTemplates(order.local) : new Map<string, Template>(),
    port && order.stack && there.length > 0 ? port.resources(order.stack) : [],
  ]);
  await Promise.all(
    [...ids].map(async (id) => {
      const physicalId = deployed.find(({ logicalId }) => logicalId === id)?.physicalId;
      const [state, text] =
        port && physicalId ? await Promise.all([port.stack(physicalId), port.template(physicalId)]) : [];
      const template = local.get(id);
      const definition = order.after?.resources.get(id);
      // Of a stack that is known by its template alone, what was nested in it is not known: its TemplateURL tells.
      if (there.includes(id) && order.stack && deployed.length === 0) return;
      // A nested template that is only in S3 is read by AWS alone: its own change set tells.
      if ((definition && !template) || (!definition && text === undefined)) return;
      const secrets = secretParameters(definition ?? order.before?.resources.get(id), order.secrets);
      const given = parametersOf(definition);
      const open = new Set([...secrets, ...given.open]);
      const read = template && readTemplate(template.file, order.textOf(template));
      const level = await levelOf(
        port,
        {
          ...order,
          stack: physicalId,
          before:
            text === undefined
              ? undefined
              : sideOf(readTemplate(template?.file ?? id, text), state?.parameters ?? {}, open),
          after: read && sideOf(read, given.known, open),
          local: template,
          secrets,
        },
        depth + 1,
      );
      found.set(id, level);
    }),
  );
  return found;
}

type Tree = { readonly [key: string]: Plain };

function given(definition: Tree | undefined): [string, Plain][] {
  const properties = definition?.Properties;
  const parameters = isTree(properties) ? properties.Parameters : undefined;
  return isTree(parameters) ? Object.entries(parameters) : [];
}

function parametersOf(definition: Tree | undefined): { known: Record<string, string>; open: string[] } {
  const known: Record<string, string> = {};
  const open: string[] = [];
  for (const [name, value] of given(definition)) {
    if (!isKnown(value)) open.push(name);
    else known[name] = Array.isArray(value) ? value.map(inline).join(',') : inline(value);
  }
  return { known, open };
}

/** Parameters of a nested stack that get what must not be seen. */
function secretParameters(definition: Tree | undefined, secrets: ReadonlySet<string>): Set<string> {
  return new Set(
    given(definition)
      .filter(([, value]) => [...secrets].some((secret) => mentions(value, secret).length > 0))
      .map(([name]) => name),
  );
}

/** Whether a value at a path of a resource may hold a secret, by what the templates say of it. */
export function isHidden(level: Level, logicalId: string, path: string): boolean {
  if (level.secrets.size === 0 && !hasNoEcho(level)) return false;
  const names = new Set([...level.secrets, ...noEcho(level.before), ...noEcho(level.after)]);
  const steps = path.split('/').filter(Boolean);
  const sides = [level.before, level.after].map((side) => side?.resources.get(logicalId));
  // What SAM or a macro made is in no template that can be read here.
  if (sides.every((side) => side === undefined || !reaches(side, steps))) return true;
  return sides.some((side) => {
    const value = side && nearestValue(side, steps);
    return value !== undefined && [...names].some((name) => mentions(value, name).length > 0);
  });
}

function noEcho(side: Side | undefined): string[] {
  return [...(side?.template.parameters ?? [])].filter(([, one]) => one.noEcho).map(([name]) => name);
}

function hasNoEcho(level: Level): boolean {
  return noEcho(level.before).length + noEcho(level.after).length > 0;
}

/** Whether the first two steps of a path (`Properties`, and which) are written. */
function reaches(definition: Tree, [attribute = '', name]: readonly string[]): boolean {
  const value = definition[attribute];
  if (value === undefined) return false;
  return name === undefined || !isTree(value) || name in value;
}

function nearestValue(definition: Tree, steps: readonly string[]): Plain {
  let value: Plain = definition;
  for (const step of steps) {
    const next: Plain | undefined = Array.isArray(value)
      ? (value as readonly Plain[])[Number(step)]
      : isTree(value)
        ? value[step]
        : undefined;
    if (next === undefined) return value;
    value = next;
  }
  return value;
}

/** For the values that a change set does not give: the plain text of one side. */
export function outputsOf(side: Side | undefined): Map<string, Tree> {
  const found = new Map<string, Tree>();
  if (!side) return found;
  const section = plainSection(side.template, 'Outputs');
  for (const [name, written] of Object.entries(section)) {
    const value = evaluate(written, side.scope);
    if (isTree(value)) found.set(name, value);
  }
  return found;
}

export function plainSection(template: Template, name: string): Tree {
  const node = template.tree.root.items.find((pair) => String(pair.key) === name)?.value;
  const found = plain(node ?? null);
  return isTree(found) ? found : {};
}
