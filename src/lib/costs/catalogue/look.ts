import type { PricedItem, Rate } from '../../prices/index.ts';
import type { Range, UsageName } from '../../project/model.ts';
import { exactly, times } from '../range.ts';
import type { Charge, Properties, Resources, Service, Uncounted, Value } from '../types.ts';

/** A resource as its entry in the catalogue sees it. */
export interface Look {
  readonly id: string;
  readonly type: string;
  readonly properties: Properties;
  /** All of the stack, for what another resource says. */
  readonly all: Resources;
  usage(name: UsageName): Range;
}

export type Found = Charge | Uncounted;
export type Entry = (look: Look) => readonly Found[];

const MILLION = 1_000_000;

export function rate(of: Rate): PricedItem {
  return { kind: 'rate', of };
}

/** A charge that is the same whatever the use. */
export function fixed(what: string, service: Service, item: PricedItem, quantity = 1): Charge {
  return { what, service, item, quantity: exactly(quantity), on: [] };
}

/** A charge that grows with the use. @param by what one unit of use takes of the price's unit */
export function used(
  look: Look,
  name: UsageName,
  what: string,
  [service, item]: readonly [Service, PricedItem],
  by: Range | number = 1,
): Charge {
  return { what, service, item, quantity: times(look.usage(name), by), on: [name] };
}

/** The same for prices of a million. */
export function millions(
  look: Look,
  name: UsageName,
  what: string,
  [service, of]: readonly [Service, Rate],
  by = 1,
): Charge {
  return used(look, name, what, [service, rate(of)], by / MILLION);
}

export function isTree(value: Value | undefined): value is Properties {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A value at a path; undefined where it is not there, or not known. */
export function at(value: Value | undefined, ...path: readonly string[]): Value | undefined {
  return path.reduce<Value | undefined>((inner, key) => (isTree(inner) ? inner[key] : undefined), value);
}

export function listOf(value: Value | undefined): readonly Value[] {
  return Array.isArray(value) ? (value as readonly Value[]) : [];
}

/** A text that is known. */
export function textOf(value: Value | undefined): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}

export function numberOf(value: Value | undefined): number | undefined {
  const text = textOf(value);
  const number = Number(text);
  return text === undefined || text === '' || Number.isNaN(number) ? undefined : number;
}

export function isTrue(value: Value | undefined): boolean {
  return String(value) === 'true';
}

/** The resource that a value refers to by `Ref` or `Fn::GetAtt`, in the same template. */
export function target(look: Look, value: Value | undefined): Look | undefined {
  const name = textOf(at(value, 'Ref')) ?? textOf(listOf(at(value, 'Fn::GetAtt'))[0]);
  if (name === undefined) return undefined;
  const id = look.id.slice(0, look.id.lastIndexOf('/') + 1) + name;
  const found = look.all.get(id);
  return found && { ...look, id, ...found };
}

/** Resources of a type in the same stack. */
export function others(look: Look, type: RegExp): (readonly [id: string, Properties])[] {
  return [...look.all].flatMap(([id, one]) => (type.test(one.type) ? [[id, one.properties] as const] : []));
}

/** Whether a value refers to the resource, however deep inside. */
export function refersTo(value: Value | undefined, id: string): boolean {
  const name = id.slice(id.lastIndexOf('/') + 1);
  const text = JSON.stringify(value ?? null);
  return (
    text.includes(`{"Ref":"${name}"}`) ||
    text.includes(`{"Fn::GetAtt":["${name}"`) ||
    text.includes(`\${${name}}`) ||
    text.includes(`\${${name}.`)
  );
}

/** Something that cannot be counted because its property is known only to AWS. */
export function open(property: string): Uncounted {
  return { why: `${property} is known only when it is deployed` };
}
