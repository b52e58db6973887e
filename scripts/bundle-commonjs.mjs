// Turns the ES modules of the split bundle into CommonJS. esbuild's own output of that carries half a kilobyte
// of helpers in each of some hundred files, and requires every chunk that a chunk has ever stood beside. What
// is made here says the same in a line, and requires what is read.
import { transform } from 'esbuild';

/** From the first helper to the line that assigns the exports. */
const HEADER =
  /^(?:var __\w+ = [\s\S]*?)?var (\w+) = \{\};\n__export\(\1, (\{[\s\S]*?\n\})\);\nmodule\.exports = __toCommonJS\(\1\);\n/;
const ANNOTATION = /\n\/\/ Annotate the CommonJS export names for ESM import in node:\n[\s\S]*$/;
const REQUIRED = /^var (import_\w+) = require\("\.[^"]+"\);\n/gm;
/** A dynamic import of a chunk, which has been an ES module: it needs no default made of it. */
const OWN_CHUNK = /__toESM\((require\("\.[^"]+"\))\)/g;
const COPY =
  'const __toESM = (from) => Object.defineProperties({ default: from }, Object.getOwnPropertyDescriptors(from));\n';

/** One file of the bundle as CommonJS, minified. */
export async function toCommonJs(text) {
  const common = { loader: 'js', format: 'cjs', platform: 'node', target: 'node22', legalComments: 'none' };
  const { code } = await transform(text, {
    ...common,
    supported: { 'dynamic-import': false },
    define: { 'import.meta.url': '__url' },
  });
  const header = HEADER.exec(code);
  if (header === null && /__export|__toCommonJS/.test(code))
    throw new Error(
      `esbuild's CommonJS is not as it was: look at scripts/bundle-commonjs.mjs\n${code.slice(0, 2000)}`,
    );
  const body = code
    .slice(header?.[0].length ?? 0)
    .replace(ANNOTATION, '\n')
    .replace(OWN_CHUNK, '$1');
  const names = body.match(/\bimport_\w+/g) ?? [];
  const uses = new Map();
  for (const name of names) uses.set(name, (uses.get(name) ?? 0) + 1);
  const exported = header?.[2] ?? '{}';
  for (const name of exported.match(/\bimport_\w+/g) ?? []) uses.set(name, (uses.get(name) ?? 0) + 1);
  const read = body.replace(REQUIRED, (line, name) => (uses.get(name) === 1 ? '' : line));
  const start = [
    text.includes('import.meta.url')
      ? 'const __url = require("node:url").pathToFileURL(__filename).href;\n'
      : '',
    body.includes('__toESM(') ? COPY : '',
    header
      ? `for (const [name, get] of Object.entries(${exported})) Object.defineProperty(exports, name, { get, enumerable: true });\n`
      : '',
  ];
  return inAscii((await transform(start.join('') + read, { ...common, minify: true })).code);
}

/**
 * esbuild escapes what is not ASCII but in regular expressions, where an escape means the same. A file of ASCII alone is
 * half as long in memory, and read without being decoded.
 */
function inAscii(code) {
  return code.replace(/[^\0-\x7f]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
