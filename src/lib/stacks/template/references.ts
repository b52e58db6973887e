import { isMap, isScalar, isSeq } from 'yaml';
import { child, entries, intrinsic, offsetOf, splitAttribute } from './yaml.ts';

/** A name that a template uses, and where. */
export interface Use {
  /** What kind of thing the name must be. */
  readonly of: 'value' | 'resource' | 'condition';
  /** How it is used, as people write it: `!Ref`, `DependsOn`. */
  readonly by: string;
  readonly name: string;
  readonly offset: number;
}

/** Every use of a logical id, parameter or condition in a resource, an output or a condition. */
export function usesIn(node: unknown): Use[] {
  const found: Use[] = [];
  collect(node, found);
  return found;
}

/** What a resource or an output uses beside its values: its condition, what it waits for. */
export function attributeUses(node: unknown): Use[] {
  const found: Use[] = [];
  const condition = child(node, 'Condition');
  if (isScalar(condition) && typeof condition.value === 'string' && !condition.tag)
    found.push({ of: 'condition', by: 'Condition', name: condition.value, offset: offsetOf(condition) });
  const waits = child(node, 'DependsOn');
  for (const one of isSeq(waits) ? waits.items : [waits])
    if (isScalar(one) && typeof one.value === 'string')
      found.push({ of: 'resource', by: 'DependsOn', name: one.value, offset: offsetOf(one) });
  return found;
}

/** As `usesIn`, for a condition: `Condition: Name` in it is the long form of `!Condition Name`. */
export function usesInCondition(node: unknown): Use[] {
  return [...usesIn(node), ...otherConditions(node)];
}

function otherConditions(node: unknown): Use[] {
  const own = attributeUses(node).filter(({ of }) => of === 'condition');
  const inside = isMap(node) ? node.items.map(({ value }) => value) : isSeq(node) ? node.items : [];
  return [...own, ...inside.flatMap(otherConditions)];
}

function collect(node: unknown, found: Use[]): void {
  const called = intrinsic(node);
  if (called) {
    collectCall(called.name, called.argument, found);
    // The short form's argument is the node itself: its tag is done with, its inside is not.
    if (called.argument !== node) {
      collect(called.argument, found);
      return;
    }
  }
  if (isMap(node)) for (const pair of node.items) collect(pair.value, found);
  else if (isSeq(node)) for (const item of node.items) collect(item, found);
}

function collectCall(name: string, argument: unknown, found: Use[]): void {
  const use = (of: Use['of'], by: string, used: unknown, at: unknown) => {
    if (typeof used === 'string' && used !== '') found.push({ of, by, name: used, offset: offsetOf(at) });
  };
  const text = isScalar(argument) ? argument.value : undefined;
  const first = isSeq(argument) ? argument.items[0] : undefined;
  switch (name) {
    case 'Ref':
      use('value', '!Ref', text, argument);
      break;
    case 'Condition':
      use('condition', '!Condition', text, argument);
      break;
    case 'Fn::GetAtt':
      if (typeof text === 'string') use('resource', '!GetAtt', splitAttribute(text)[0], argument);
      else if (isScalar(first)) use('resource', '!GetAtt', first.value, first);
      break;
    case 'Fn::If':
      if (isScalar(first)) use('condition', '!If', first.value, first);
      break;
    case 'Fn::Sub':
      collectSub(argument, found);
      break;
  }
}

function collectSub(argument: unknown, found: Use[]): void {
  const [template, variables] = isSeq(argument) ? argument.items : [argument];
  if (!isScalar(template) || typeof template.value !== 'string') return;
  const own = new Set(entries(variables).map(({ key }) => key));
  for (const [, written = ''] of template.value.matchAll(/\$\{([^!}][^}]*)\}/g)) {
    const name = written.trim();
    if (own.has(name)) continue;
    const [id, attribute] = splitAttribute(name);
    found.push({
      of: attribute ? 'resource' : 'value',
      by: '!Sub',
      name: attribute ? id : name,
      offset: offsetOf(template),
    });
  }
}
