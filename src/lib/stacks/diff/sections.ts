import { isDeepStrictEqual } from 'node:util';
import { compareSettings } from '../change/compare.ts';
import { samePolicy } from '../change/stack-policy.ts';
import type { StackState, StacksPort } from '../port.ts';
import type { Template } from '../template/template.ts';
import { child, type Plain, plain } from '../template/yaml.ts';
import type { StackSpec } from '../types.ts';
import { holds } from './evaluate.ts';
import { outputsOf } from './level.ts';
import type { Side } from './resources.ts';
import { type EntryDiff, HIDDEN } from './types.ts';
import { inline } from './values.ts';

/** The parts of a stack beside its resources: parameters, outputs, conditions, tags, settings. Pure. */

type Spec = Pick<StackSpec, 'parameters' | 'tags' | 'terminationProtection'>;

function entry(name: string, before: string | undefined, after: string | undefined): EntryDiff {
  return {
    name,
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
  };
}

/** Parameters that differ, and those of which that cannot be told (`unknown`). Secrets are masked. */
export function parameterDiffs(
  template: Template,
  state: StackState | undefined,
  spec: Spec,
  later: readonly string[],
  secrets: ReadonlySet<string>,
): EntryDiff[] {
  const wanted = (name: string) => spec.parameters[name]?.value ?? template.parameters.get(name)?.default;
  const shown = (name: string, value: string | undefined) =>
    value === undefined
      ? undefined
      : secrets.has(name) || template.parameters.get(name)?.noEcho
        ? HIDDEN
        : value;
  if (!state)
    return [...template.parameters.keys()].map((name) =>
      later.includes(name) ? { name, unknown: true } : entry(name, undefined, shown(name, wanted(name))),
    );
  const { parameters, undecided } = compareSettings(template, state, spec, later);
  return [
    ...parameters.map((name) => {
      const before = shown(name, state.parameters[name]);
      if (later.includes(name)) return { ...entry(name, before, undefined), unknown: true as const };
      return entry(name, before, template.parameters.has(name) ? shown(name, wanted(name)) : undefined);
    }),
    ...undecided.map((name): EntryDiff => {
      const after = later.includes(name) ? undefined : shown(name, wanted(name));
      return { ...entry(name, shown(name, state.parameters[name]), after), unknown: true };
    }),
  ];
}

export function outputDiffs(before: Side | undefined, after: Side): EntryDiff[] {
  const [old, fresh] = [alive(before), alive(after)];
  return [...new Set([...old.keys(), ...fresh.keys()])].flatMap((name): EntryDiff[] => {
    const [was, is] = [old.get(name), fresh.get(name)];
    const facts = (one: typeof was) => one && [one.Value, exportOf(one)];
    if (isDeepStrictEqual(facts(was), facts(is))) return [];
    return [entry(name, was && outputText(was), is && outputText(is))];
  });
}

function alive(side: Side | undefined) {
  const all = outputsOf(side);
  for (const [name, { Condition }] of all)
    if (side && typeof Condition === 'string' && holds(Condition, side.scope) === false) all.delete(name);
  return all;
}

function exportOf(output: { readonly [key: string]: Plain }): string | undefined {
  const found = output.Export as { readonly Name?: Plain } | undefined;
  return found?.Name === undefined ? undefined : inline(found.Name);
}

function outputText(output: { readonly [key: string]: Plain }): string {
  const name = exportOf(output);
  const text = inline(output.Value ?? null);
  return name === undefined ? text : `${text} (exported as ${name})`;
}

/** Conditions that come out differently. */
export function conditionDiffs(before: Side | undefined, after: Side): EntryDiff[] {
  if (!before) return [];
  return Object.keys(after.scope.conditions).flatMap((name): EntryDiff[] => {
    const [was, is] = [holds(name, before.scope), holds(name, after.scope)];
    if (was === is || was === undefined || is === undefined) return [];
    return [entry(name, String(was), String(is))];
  });
}

export function tagDiffs(template: Template, state: StackState | undefined, spec: Spec): EntryDiff[] {
  if (!state) return Object.entries(spec.tags).map(([name, value]) => entry(name, undefined, value));
  const { tags } = compareSettings(template, state, spec);
  return tags.map((name) => entry(name, state.tags[name], spec.tags[name]));
}

const OTHER_SECTIONS = ['Mappings', 'Transform', 'Globals', 'Rules', 'Hooks'];

/** Protection, and sections of the template of which only that they differ is said. */
export function settingDiffs(
  before: Side | undefined,
  after: Side,
  state: StackState | undefined,
  spec: Spec,
): EntryDiff[] {
  const protectedNow = state?.terminationProtection ?? false;
  const wanted = spec.terminationProtection ?? protectedNow;
  const settings: EntryDiff[] =
    protectedNow === wanted
      ? []
      : [entry('terminationProtection', state && String(protectedNow), String(wanted))];
  if (!before) return settings;
  const differs = (of: (side: Side) => unknown) => !isDeepStrictEqual(of(before), of(after));
  for (const name of OTHER_SECTIONS)
    if (differs(({ template }) => plain(child(template.tree.root, name) ?? null))) settings.push({ name });
  if (differs(loopsIn)) settings.push({ name: 'Fn::ForEach' });
  return settings;
}

/** The stack policy, where the configuration has one and the stack another. GetStackPolicy. */
export async function policyDiff(
  port: StacksPort,
  spec: Pick<StackSpec, 'stackPolicy'>,
  state: StackState | undefined,
): Promise<EntryDiff[]> {
  if (spec.stackPolicy === undefined) return [];
  const before = state && (await port.stackPolicy(state.stackId));
  if (samePolicy(before, spec.stackPolicy)) return [];
  const inLine = (text: string) => text.replace(/\s+/g, ' ').trim();
  return [entry('stackPolicy', before === undefined ? undefined : inLine(before), inLine(spec.stackPolicy))];
}

/** Loops of AWS::LanguageExtensions, which AWS alone carries out. */
function loopsIn({ template }: Side): Plain[] {
  const written = plain(child(template.tree.root, 'Resources') ?? null) as Readonly<Record<string, Plain>>;
  return Object.entries(written ?? {}).flatMap(([name, body]) =>
    name.startsWith('Fn::ForEach') ? [[name, body]] : [],
  );
}
