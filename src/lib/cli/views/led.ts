/** Commands that act on no AWS, and take no flags that say which. */
const ELSEWHERE = /^(?:sandbox|init|completion|config|help)\b/;
const COMMAND = /\binfractl ([a-z][^`;,()…]*?)(?=$|[`;)])/g;

/**
 * What was advised, its command lines led to where this command works: `infractl manage status` becomes
 * `infractl manage status --env prod`. A line that names a place keeps it, and words that only speak of a command stay.
 *
 * @param where the flags that lead there, each after a space: ` --env prod --sandbox`
 */
export function led(advice: string, where: string): string {
  if (where === '') return advice;
  return advice.replace(COMMAND, (all, line: string) => {
    // What stands behind -- is the host's.
    const [own = '', ...theirs] = all.split(/(?= -- )/);
    const stays = ELSEWHERE.test(line) || /[.:]$| --(?:help|env|profile|region|sandbox)\b/.test(own);
    return stays ? all : own + where + theirs.join('');
  });
}
