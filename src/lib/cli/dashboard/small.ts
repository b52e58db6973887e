import { setFlagsFromString } from 'node:v8';

/**
 * Young objects get no more space than they have, and no code is compiled, nor WebAssembly optimized. All compilers are off, not some: one that
 * is still at work in the background can wait for ever on a process that ends.
 */
const FLAGS = [
  '--semi-space-growth-factor=1',
  '--no-opt',
  '--no-maglev',
  '--no-sparkplug',
  '--no-wasm-dynamic-tiering',
  '--no-wasm-tier-up',
];

/** A watch runs for days and does little: a third less memory is worth more than speed that nobody sees. */
export function staySmall(): void {
  for (const flag of FLAGS) setFlagsFromString(flag);
}
