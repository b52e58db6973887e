import { COMPUTE } from './compute.ts';
import { DATABASES } from './databases.ts';
import { isFree, KNOWN_UNCOUNTED } from './free.ts';
import type { Found, Look } from './look.ts';
import { NETWORK } from './network.ts';
import { SERVERLESS } from './serverless.ts';
import { STORAGE } from './storage.ts';
import { WATCHING } from './watching.ts';

export type { Found, Look } from './look.ts';

const CATALOGUE = { ...COMPUTE, ...STORAGE, ...NETWORK, ...DATABASES, ...SERVERLESS, ...WATCHING };

/** What AWS charges for a resource: nothing where its type is free. What is not known is named, never nothing. */
export function chargesOf(look: Look): readonly Found[] {
  const entry = CATALOGUE[look.type];
  if (entry) return entry(look);
  if (isFree(look.type)) return [];
  return [{ why: KNOWN_UNCOUNTED[look.type] ?? 'no price of this type is known here' }];
}
