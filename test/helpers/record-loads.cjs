// Preloaded into a Node process: writes the path of every file that it loads to LOADED_FILES, one a line.
const { appendFileSync } = require('node:fs');
const { registerHooks } = require('node:module');

registerHooks({
  load(url, context, next) {
    if (url.startsWith('file:')) appendFileSync(process.env.LOADED_FILES, `${new URL(url).pathname}\n`);
    return next(url, context);
  },
});
