// What makes the bundle small and quick to start. Each part says what it leaves out and why that is safe;
// the conduct tests run every command of the result.
import { readFile } from 'node:fs/promises';

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
  'get-package-type': `module.exports = async () => 'module'; module.exports.sync = () => 'module';`,
  debug: `module.exports = () => Object.assign(() => {}, { enabled: false, extend: module.exports }); module.exports.enable = () => {};`,
  'wsl-utils': `exports.isWsl = false;`,
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

/** Built-in modules that oclif requires at the top for something rare: loaded when that happens. */
const LATE = /require\("node:(readline|child_process)"\)/g;

const slimOclif = {
  name: 'slim-oclif',
  setup(api) {
    api.onLoad({ filter: /@oclif[\\/]core[\\/]lib[\\/].*\.js$/ }, async (args) => {
      const inside = args.path.replaceAll('\\', '/').split('@oclif/core/lib/')[1];
      const text = OCLIF_STUBS[inside] ?? (await readFile(args.path, 'utf8'));
      return {
        contents: text.replace(LATE, 'new Proxy({}, { get: (_, key) => require("node:$1")[key] })'),
        loader: 'js',
      };
    });
  },
};

/**
 * What no command uses of the SDK's schemas can be dropped, once the bundler sees that making them has no
 * effect: keys are written out instead of computed, and constructors are marked as pure.
 */
const pureSchemas = {
  name: 'pure-schemas',
  setup(api) {
    api.onLoad({ filter: /@aws-sdk[\\/].*schemas[\\/]schemas_\d+\.js$/ }, async (args) => {
      const text = await readFile(args.path, 'utf8');
      const names = new Map([...text.matchAll(/^const (_\w+) = ("[^"]*");$/gm)].map(([, name, value]) => [name, value]));
      return {
        contents: text
          .replace(/\[(_\w+)\]: /g, (all, name) => (names.has(name) ? `${names.get(name)}: ` : all))
          .replace(/= (new |TypeRegistry\.for)/g, '= /* @__PURE__ */ $1'),
        loader: 'js',
      };
    });
  },
};

export const plugins = [leaveOut, slimOclif, pureSchemas];
