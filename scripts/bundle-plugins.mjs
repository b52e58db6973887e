// What makes the bundle small and quick to start. Each part says what it leaves out and why that is safe;
// the conduct tests run every command of the result.
import { readFile } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import { pathToFileURL } from 'node:url';
import { brotliCompressSync } from 'node:zlib';

/**
 * Packages that @oclif/core imports for what infractl never does: finding commands without a manifest,
 * reading rc files, listing development plugins, drawing its own spinner.
 */
const NEVER_USED =
  /^(tinyglobby|minimatch|lilconfig|cli-spinners|wordwrap|get-package-type|typescript|ts-node|pnpapi|debug|wsl-utils)$/;

/** The prompt that opens an editor brings every character encoding there is; no command uses it. */
const EDITOR = /^@inquirer\/editor$/;
/** Reads the user agent of a browser. */
const BROWSER = /^bowser$/;

const STAND_INS = {
  'get-package-type': `module.exports = async () => 'commonjs'; module.exports.sync = () => 'commonjs';`,
  debug: `module.exports = () => Object.assign(() => {}, { enabled: false, extend: module.exports }); module.exports.enable = () => {};`,
  'wsl-utils': `exports.isWsl = false;`,
  // The list of arguments that are missing: a terminal breaks its own lines.
  wordwrap: `module.exports = () => (text) => text;`,
};

const leaveOut = {
  name: 'leave-out',
  setup(api) {
    api.onResolve({ filter: NEVER_USED }, (args) =>
      args.importer.includes('@oclif') ? { path: args.path, namespace: 'left-out' } : undefined,
    );
    for (const filter of [EDITOR, BROWSER]) {
      api.onResolve({ filter }, (args) => ({ path: args.path, namespace: 'left-out' }));
    }
    api.onLoad({ filter: /.*/, namespace: 'left-out' }, (args) => ({
      contents:
        STAND_INS[args.path] ??
        `module.exports = new Proxy(function () {}, { get: (_, key) => key === '__esModule' ? false : () => { throw new Error('${args.path} is not part of this bundle'); } });`,
      loader: 'js',
    }));
  },
};

/** oclif's time marks are never read; its spinner and its JSON colours are never drawn. */
const OCLIF_STUBS = {
  'performance.js': `exports.OCLIF_MARKER_OWNER = '@oclif/core'; exports.Performance = { mark() {}, async collect() {}, debug() {}, highlights: {}, results: new Map() };`,
  'ux/action/spinner.js': `exports.__esModule = true; exports.default = class { stop() {} };`,
  'ux/action/simple.js': `exports.__esModule = true; exports.default = class { stop() {} };`,
  'config/ts-path.js': `exports.tsPath = async (_root, path) => path;`,
};

/**
 * oclif's modules require each other, and their libraries, at the top. The compiler's output names each
 * required module `name_1` and reads it only as `name_1.member`, so it can be required when it is first
 * read: a command that prints no help never loads what prints it.
 */
function requireLate(text) {
  const names = [];
  const late = text.replace(
    /^(?:const|var) (\w+_\d+) = ((?:__import(?:Default|Star)\()?require\("[^"]+"\)\)?);$/gm,
    (_, name, expression) => {
      names.push(name);
      return `let ${name}$late; const ${name}$read = () => ${name}$late ??= ${expression};`;
    },
  );
  if (names.length === 0) return text;
  const any = names.join('|');
  return late
    .replace(new RegExp(`\\bnew (${any})((?:\\.\\w+)+)`, 'g'), 'new ($1$read()$2)')
    .replace(new RegExp(`\\b(${any})\\b(?!\\$)`, 'g'), '$1$read()');
}

/** Comparing by locale costs 10 ms the first time; command names are plain ASCII. */
const LOCALE_COMPARE = /([\w.]+)\.localeCompare\(([\w.]+)\)/g;

const slimOclif = {
  name: 'slim-oclif',
  setup(api) {
    api.onLoad({ filter: /@oclif[\\/]core[\\/]lib[\\/].*\.js$/ }, async (args) => {
      const inside = args.path.replaceAll('\\', '/').split('@oclif/core/lib/')[1];
      const text = OCLIF_STUBS[inside] ?? (await readFile(args.path, 'utf8'));
      return {
        contents: requireLate(text.replace(LOCALE_COMPARE, '($1 < $2 ? -1 : $1 > $2 ? 1 : 0)')),
        loader: 'js',
      };
    });
  },
};

/**
 * Services with a class for each of a hundred errors, of which infractl reads the name and the message: those
 * are given without the class too.
 */
const PLAIN_ERRORS =
  /@aws-sdk[\\/]client-(ssm|cloudfront|cloudwatch|cloudwatch-logs|lambda|ecr|ecs|ec2|rds|ebs|sns|auto-scaling|iam|pricing|cost-explorer|elastic-load-balancing-v2|api-gateway)[\\/]/;
/** The name of what ends a stream comes from its class alone. */
const ERROR_CLASS = /^n0_registry\.registerError\((?!Session(?:Timeout|Streaming)Exception).*\);$/gm;

/**
 * What no command uses of the SDK's schemas can be dropped, once the bundler sees that making them has no
 * effect: keys are written out instead of computed, and constructors are marked as pure.
 */
const pureSchemas = {
  name: 'pure-schemas',
  setup(api) {
    api.onLoad({ filter: /@aws-sdk[\\/].*schemas[\\/]schemas_\d+\.js$/ }, async (args) => {
      const whole = await readFile(args.path, 'utf8');
      const text = PLAIN_ERRORS.test(args.path) ? whole.replace(ERROR_CLASS, '') : whole;
      const names = new Map(
        [...text.matchAll(/^const (_\w+) = ("[^"]*");$/gm)].map(([, name, value]) => [name, value]),
      );
      return {
        contents: text
          .replace(/\[(_\w+)\]: /g, (all, name) => (names.has(name) ? `${names.get(name)}: ` : all))
          .replace(/= (new |TypeRegistry\.for)/g, '= /* @__PURE__ */ $1'),
        loader: 'js',
      };
    });
  },
};

/**
 * Built-in modules whose exports are only ever read one by one, so that they can be loaded when the first
 * is read: node:https alone brings HTTP, TLS and sockets. Not those that are a function themselves, or
 * that are used as an object with a state (process).
 */
const READ_LATE =
  /^(?:child_process|crypto|dns|fs\/promises|http|http2|https|net|os|perf_hooks|readline|readline\/promises|stream\/promises|timers\/promises|tls|tty|util|worker_threads|zlib)$/;

/** A module whose prototype looks every name up in the real one. Copies of it look there too. */
const late = (name) => `
const real = new Proxy({}, {
  get: (_, key) => key === '__esModule' ? undefined : process.getBuiltinModule('node:${name}')[key],
  has: (_, key) => key in process.getBuiltinModule('node:${name}'),
});
module.exports = Object.create(real);`;

/**
 * Node's own modules, taken by `process.getBuiltinModule`. An `import` of one reads every export of it
 * there and then, and some are costly: reading `WebSocket` of node:http alone loads an HTTP client.
 */
const builtins = {
  name: 'builtins',
  setup(api) {
    const known = new RegExp(
      `^(?:node:)?(?:${builtinModules.filter((name) => !name.startsWith('node:')).join('|')})$`,
    );
    api.onResolve({ filter: known }, ({ path, kind }) => {
      const name = path.replace(/^node:/, '');
      // A dynamic import wants names, and comes when it is needed: it stays Node's own.
      if (kind === 'dynamic-import') return { path: `node:${name}`, external: true };
      return { path: name, namespace: 'builtin' };
    });
    api.onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({
      contents: READ_LATE.test(path)
        ? late(path)
        : `module.exports = process.getBuiltinModule('node:${path}');`,
      loader: 'js',
    }));
  },
};

/** Measuring a text asks an expression of 10 KB for emojis, word by word of a help; most words are plain ASCII. */
const plainWidth = {
  name: 'plain-width',
  setup(api) {
    api.onLoad({ filter: /node_modules[\\/]string-width[\\/]index\.js$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      const measured = 'string = stripAnsi(string);';
      if (!text.includes(measured))
        throw new Error(`${path} is not as it was: look at the plugin plain-width`);
      return {
        contents: text.replace(
          measured,
          `if (/^[\\x20-\\x7e]*$/.test(string)) return string.length;\n\t${measured}`,
        ),
        loader: 'js',
      };
    });
  },
};

/** The SDK's request handler makes its HTTPS agent at once, also for an endpoint that is not HTTPS. */
const lateHttps = {
  name: 'late-https',
  setup(api) {
    const filter = /@smithy[\\/]node-http-handler[\\/]dist-es[\\/]node-http-handler\.js$/;
    api.onLoad({ filter }, async ({ path }) => {
      const agent = /httpsAgent: \(\(\) => \{([\s\S]*?)\}\)\(\),/;
      const text = changed(
        path,
        await readFile(path, 'utf8'),
        [agent, 'get httpsAgent() { return this.madeAgent ??= (() => {$1})(); },'],
        // A copy by its values would make the agent.
        [
          /return \{\s*\.\.\.config,\s*\[key\]: value,\s*\};/,
          'return Object.create(null, { ...Object.getOwnPropertyDescriptors(config), [key]: { value, writable: true, enumerable: true, configurable: true } });',
        ],
      );
      return { contents: text, loader: 'js' };
    });
  },
};

/**
 * Clients make what reads event streams as they are made, for the one API in a hundred that answers with a stream.
 * Left out, it is loaded by the SDK itself with the first such answer.
 */
const lateEventStreams = {
  name: 'late-event-streams',
  setup(api) {
    const filter = /@aws-sdk[\\/]client-[a-z0-9-]+[\\/]dist-es[\\/](?:\w+Client|runtimeConfig)\.js$/;
    const EAGER =
      /^import \{ (resolveEventStreamSerdeConfig|eventStreamSerdeProvider),? \} from "@smithy\/core\/event-streams";$/m;
    api.onLoad({ filter }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      if (!text.includes('@smithy/core/event-streams')) return undefined;
      if (!EAGER.test(text))
        throw new Error(`${path} is not as it was: look at the plugin late-event-streams`);
      return { contents: text.replace(EAGER, 'const $1 = (config) => config;'), loader: 'js' };
    });
  },
};

/** A table that is read in review line by line, and by one command in ten: packed where it is shipped. */
const packedTables = {
  name: 'packed-tables',
  setup(api) {
    api.onLoad({ filter: /[\\/]stacks[\\/]diff[\\/]replacements\.data\.ts$/ }, async ({ path }) => {
      const { PACKED } = await import(pathToFileURL(path).href);
      const packed = brotliCompressSync(PACKED).toString('base64');
      return {
        contents: `import { brotliDecompressSync } from 'node:zlib';
export const PACKED = brotliDecompressSync(Buffer.from('${packed}', 'base64')).toString();`,
        loader: 'js',
      };
    });
  },
};

/** JSON of packages that is used in part: of ora's seventy spinners two, of a client's package its version. */
const smallJson = {
  name: 'small-json',
  setup(api) {
    const part = (filter, keys) =>
      api.onLoad({ filter }, async ({ path }) => {
        const whole = JSON.parse(await readFile(path, 'utf8'));
        return {
          contents: JSON.stringify(Object.fromEntries(keys.map((key) => [key, whole[key]]))),
          loader: 'json',
        };
      });
    part(/cli-spinners[\\/]spinners\.json$/, ['dots', 'line']);
    part(/@aws-sdk[\\/](client-[a-z0-9-]+|nested-clients)[\\/]package\.json$/, ['version']);
  },
};

/** A change of a library's text that must not silently stop to fit. */
function changed(file, text, ...changes) {
  return changes.reduce((before, [from, to]) => {
    const after = before.replace(from, to);
    if (after === before) throw new Error(`${file} is not as it was: look at its plugin`);
    return after;
  }, text);
}

/**
 * Yoga, which lays out the screens of ink, is WebAssembly in base64 that is compiled while its module waits, which
 * CommonJS cannot. Node can compile it at once; packed, it is a third.
 */
const yoga = {
  name: 'yoga',
  setup(api) {
    const WASM = /"data:application\/octet-stream;base64,([A-Za-z0-9+/=]+)"/;
    api.onLoad({ filter: /yoga-layout[\\/]dist[\\/]src[\\/]index\.js$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      const started = `const wasm = new WebAssembly.Module(brotliDecompressSync(Buffer.from(PACKED, 'base64')));
const lib = { instantiateWasm(imports, done) { done(new WebAssembly.Instance(wasm, imports)); return {}; } };
loadYoga(lib);
const Yoga = wrapAssembly(lib);`;
      const contents = changed(
        path,
        text,
        ['const Yoga = wrapAssembly(await loadYoga());', () => started],
        [
          "import loadYoga from '../binaries/yoga-wasm-base64-esm.js';",
          "import { brotliDecompressSync } from 'node:zlib';\nimport loadYoga, { PACKED } from '../binaries/yoga-wasm-base64-esm.js';",
        ],
      );
      return { contents, loader: 'js' };
    });
    api.onLoad({ filter: /yoga-wasm-base64-esm\.js$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      const wasm = Buffer.from(WASM.exec(text)?.[1] ?? '', 'base64');
      const packed = brotliCompressSync(wasm).toString('base64');
      const contents = changed(path, text, [WASM, '""'], ['import.meta.url', 'undefined']);
      return { contents: `${contents}\nexport const PACKED = '${packed}';`, loader: 'js' };
    });
  },
};

/** Of ink: no developer tools, and no source excerpts of its own for an error that infractl shows itself. */
const slimInk = {
  name: 'slim-ink',
  setup(api) {
    api.onLoad({ filter: /ink[\\/]build[\\/]reconciler\.js$/ }, async ({ path }) => {
      const devtools = /^if \(process\.env\['DEV'\] === 'true'\) \{[\s\S]*?^\}$/gm;
      return { contents: changed(path, await readFile(path, 'utf8'), [devtools, '']), loader: 'js' };
    });
    api.onLoad({ filter: /ink[\\/]build[\\/]components[\\/]ErrorOverview\.js$/ }, () => ({
      contents: 'export default () => null;',
      loader: 'js',
    }));
  },
};

export const plugins = [
  smallJson,
  packedTables,
  yoga,
  slimInk,
  builtins,
  lateHttps,
  plainWidth,
  lateEventStreams,
  leaveOut,
  slimOclif,
  pureSchemas,
];
