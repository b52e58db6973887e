import { ACCESS } from './causes/access.ts';
import { type Cause, cleanReason, type Failed, type Known } from './causes/cause.ts';
import { DELETING } from './causes/deleting.ts';
import { TAKEN } from './causes/taken.ts';
import { VALUES } from './causes/values.ts';
import { WAITING } from './causes/waiting.ts';

export { cleanReason, type Failed, type Known } from './causes/cause.ts';

/**
 * The common causes, most particular first: the first that fits is taken. Words that may mean several things
 * come late (`not found`, `must be`), and a type narrows those of one service.
 */
export const CAUSES: readonly Cause[] = [
  ...pick(DELETING, ['ExportInUse']),
  ...pick(VALUES, ['NoSuchExport', 'ImageMissing', 'ImageFormat', 'TemplateUnreadable', 'CodeUnreadable']),
  ...pick(WAITING, ['HookFailed', 'CustomResourceFailed', 'CircuitBreaker', 'WaitConditionFailed']),
  ...ACCESS,
  ...pick(VALUES, ['CertificateRegion', 'CertificateInvalid', 'ImageIdRegion', 'EngineVersion']),
  ...DELETING,
  ...pick(VALUES, ['NetworkOverlap', 'CodeTooLarge', 'CodeStorageFull', 'RuntimeGone', 'CircularDependency']),
  ...pick(VALUES, ['SsmParameterMissing', 'ApiWithoutMethods', 'NoListenerYet', 'NoInternetGateway']),
  ...TAKEN,
  ...WAITING,
  ...VALUES,
];

function pick(rows: readonly Cause[], codes: readonly string[]): Cause[] {
  return codes.flatMap((code) => rows.filter((row) => row.code === code));
}

/** What a failed event means and what to do; undefined where AWS's own words are all that there is. */
export function causeOf(event: Failed): Known | undefined {
  const { text, handlerCode, serviceCode } = cleanReason(event.reason);
  const said = { ...event, reason: text };
  const ofType = CAUSES.filter(({ type }) => !type || type.test(event.resourceType));
  for (const words of serviceCode === undefined ? [text] : [text, serviceCode])
    for (const cause of ofType) {
      const match = cause.words?.exec(words);
      if (match) return known(cause, said, match.groups ?? {});
    }
  const byCode = ofType.find(
    ({ handlerCodes }) => handlerCode !== undefined && handlerCodes?.includes(handlerCode),
  );
  return byCode && known(byCode, said, {});
}

function known(cause: Cause, event: Failed, groups: Readonly<Record<string, string | undefined>>): Known {
  return {
    code: cause.code,
    why: cause.why?.(event, groups) ?? null,
    advice: cause.advice(event, groups),
  };
}

/** What to do about a failed event; empty when the reason says all that there is. */
export function adviceFor(event: Failed): string[] {
  return [...(causeOf(event)?.advice ?? [])];
}
