import type { Lead } from '../base/led.ts';
import { led } from '../base/led.ts';
import { shellWord } from '../base/shell-words.ts';
import type { AwsSession } from './session.ts';

/**
 * A command line of the AWS CLI: its words, then what stands behind them up to where the next command can begin. Left
 * out: what only touches this machine, and Cost Explorer's, which is typed in the management account.
 */
const COMMAND = /\baws (?!configure\b|ce\b)([a-z][a-z0-9-]*) (?:wait )?[a-z][a-z0-9-]*([^`;()&|\n]*)/g;
/** Flags with a value each at most, and no more of a sentence. */
const FLAGS = /^(?: --[a-z][a-z0-9-]*(?: (?!-)[^\s,]+)?)*(?=\s*$)/;

/** What of a session decides where it works. */
export type Place = Pick<AwsSession, 'profile' | 'region' | 'endpoint' | 'sandbox'>;

/**
 * A text whose command lines of the AWS CLI act where a session does, also when they are typed tomorrow in another
 * shell: left alone the CLI goes by its own profiles and variables, and from the sandbox it would reach the real AWS.
 * What a line says itself stays; once more changes nothing.
 */
export function atAws(text: string, { profile, region, endpoint, sandbox }: Place): string {
  const place = {
    '--region': region,
    // The sandbox takes any credentials; those of a profile have no business there.
    '--profile': sandbox ? undefined : profile,
    '--endpoint-url': endpoint,
  };
  return text.replace(COMMAND, (all: string, service: string, rest: string) => {
    const said = new Set(rest.split(/[\s,]+/));
    const flags = Object.entries(place).flatMap(([flag, value]) =>
      value === undefined || said.has(flag) || (service === 'sso' && flag !== '--profile')
        ? []
        : [` ${flag} ${shellWord(value)}`],
    );
    const end = all.length - rest.length + (FLAGS.exec(rest)?.[0].length ?? 0);
    return all.slice(0, end) + flags.join('') + all.slice(end);
  });
}

/** Leads what was advised to where a session works. @param where the flags of infractl that lead there */
export function leadTo(where: string, place: Place | undefined): Lead {
  return (advice) => {
    const line = led(advice, where);
    return place ? atAws(line, place) : line;
  };
}
