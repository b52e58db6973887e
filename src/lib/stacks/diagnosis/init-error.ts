/** What the lines of a function's log mean. */
export interface LogMeaning {
  readonly why: string;
  readonly advice: readonly string[];
}

type Row = readonly [RegExp, (groups: Readonly<Record<string, string | undefined>>) => LogMeaning];

/** How Lambda's runtimes say that a function could not start, or was stopped. The first that fits is taken. */
const ROWS: readonly Row[] = [
  [
    /Runtime\.ImportModuleError.*?(?:Cannot find (?:module|package) '(?<node>[^']+)'|No module named '(?<python>[^']+)')/s,
    ({ node, python }) => ({
      why: `The function cannot start: the module ${node ?? python} is not in its package.`,
      advice: [
        `Put ${node ?? python} into the function's package or a layer: install the dependencies in its folder, or bundle them.`,
      ],
    }),
  ],
  [
    /Runtime\.ImportModuleError(?:: (?<what>[^\n"]+))?/,
    ({ what }) => ({
      why: `The function cannot start: its code cannot be loaded${what ? ` (${what.trim()})` : ''}.`,
      advice: ['Check that Handler names a file of the package, and that all it imports is in it.'],
    }),
  ],
  [
    /Runtime\.(?:HandlerNotFound|MalformedHandlerName)|Handler '(?<handler>[^']+)' missing on module/,
    () => ({
      why: 'The function cannot start: its code has no function of the name that Handler says.',
      advice: ['Handler is <file>.<exported function>: correct it in the template, or export that name.'],
    }),
  ],
  [
    /Runtime\.UserCodeSyntaxError(?:: (?<what>[^\n"]+))?/,
    ({ what }) => ({
      why: `The function cannot start: its code has a syntax error${what ? ` (${what.trim()})` : ''}.`,
      advice: [
        'Correct it; a module with import and export is index.mjs, or has "type": "module" in its package.json.',
      ],
    }),
  ],
  [
    /Runtime\.InvalidEntrypoint|exec format error|fork\/exec .*?(?:no such file|permission denied)/,
    () => ({
      why: 'The function cannot start: its entry point is not there, cannot be run, or is of another architecture.',
      advice: [
        'Check the image’s command (or the file bootstrap), its execute permission, and that it is built for the function’s architecture.',
      ],
    }),
  ],
  [
    /Task timed out after (?<seconds>[\d.]+) seconds/,
    ({ seconds }) => ({
      why: `Lambda stopped the function after ${Number(seconds)} s: its Timeout.`,
      advice: [
        'Raise its Timeout, or find out what it waits for: a function in a VPC reaches the internet only through NAT.',
      ],
    }),
  ],
  [
    /INIT_REPORT .*Status: timeout/,
    () => ({
      why: 'The function did not start within the 10 s that Lambda gives its initialization.',
      advice: ['Do less outside of the handler, or give it more memory: that is more CPU, too.'],
    }),
  ],
  [
    /Runtime\.OutOfMemory|signal: killed/,
    () => ({ why: 'The function used more memory than it has.', advice: ['Raise its MemorySize.'] }),
  ],
  [
    /Runtime\.ExitError(?:.*?exit status (?<status>\d+))?|INIT_REPORT .*Status: error/s,
    ({ status }) => ({
      why: `The function’s process ended while it started${status ? `, with exit status ${status}` : ''}.`,
      advice: ['The lines before it say why: often a missing setting in its environment.'],
    }),
  ],
];

/** What the newest trouble in a log means; undefined where it shows none that is known. Pure. */
export function logMeaning(lines: readonly string[]): LogMeaning | undefined {
  const text = lines.join('\n');
  for (const [words, meaning] of ROWS) {
    const found = words.exec(text);
    if (found) return meaning(found.groups ?? {});
  }
  return undefined;
}
