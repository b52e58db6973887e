/**
 * The command lines in what a command advised, without `infractl`: what stands at the end of a line, `Create it:
 * infractl deploy --create-stack`, or is all of it. Left out are lines with a word to be filled in, `--env NAME`, or
 * with more of a sentence behind them.
 */
export function advisedLines(advice: readonly string[]): string[] {
  return advice.flatMap((text) => {
    const [, line] = /(?:^|: )`?infractl ([a-z][^`…]*?)`?$/.exec(text) ?? [];
    return line === undefined || /\b[A-Z]{2,}\b|[,;:]\s|\.$|--help\b/.test(line) ? [] : [line];
  });
}
