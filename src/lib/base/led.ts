/** Leads a line of advice to where the command that gives it works. */
export type Lead = (advice: string) => string;

/** Commands that act on no AWS, and take no flags that say which. */
const ELSEWHERE = /^(?:sandbox|init|completion|config validate|help)\b/;
const COMMAND = /\binfractl ([a-z][^`;,()…|&<>]*?)(?=$| [(|&<>]|[`;)])/g;

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
    const stays = ELSEWHERE.test(line) || /\S[.:]$| --(?:help|env|profile|region|sandbox)\b/.test(own);
    if (stays) return all;
    const flags = line.startsWith('config ') ? where.replace(/ --sandbox\b/, '') : where;
    return own + flags + theirs.join('');
  });
}

/** What results call what they advise. */
const ADVICE = new Set(['suggestions', 'mend', 'wayBack', 'undo', 'next']);

/** The same for programs: what a result advises, wherever it stands in it, is led; all else stays as it is. */
export function ledJson(value: unknown, lead: Lead): unknown {
  if (Array.isArray(value)) return value.map((one) => ledJson(one, lead));
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [
      key,
      ADVICE.has(key) ? ledAdvice(one, lead) : ledJson(one, lead),
    ]),
  );
}

function ledAdvice(value: unknown, lead: Lead): unknown {
  if (typeof value === 'string') return lead(value);
  return Array.isArray(value) ? value.map((one) => ledAdvice(one, lead)) : ledJson(value, lead);
}
