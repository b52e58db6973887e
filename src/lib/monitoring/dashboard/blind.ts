import { Exit, type InfractlError } from '../../base/errors.ts';
import type { Panels, SourceName, Told } from './picture.ts';

/** Why nothing at all is seen: every source has failed. The first of the reasons that says most. */
export function blindness(panels: Panels): InfractlError | undefined {
  const errors = (Object.keys(panels) as SourceName[]).map((name) => failureOf(panels[name]));
  if (errors.length === 0 || errors.includes(undefined)) return undefined;
  return errors.find((error) => error?.code !== 'AccessDenied') ?? errors[0];
}

/** Whether waiting cannot help: there are no credentials, or the configuration is wrong. */
export function isHopeless({ exit }: InfractlError): boolean {
  return exit === Exit.credentials || exit === Exit.usage;
}

function failureOf(told: Told<unknown> | undefined): InfractlError | undefined {
  if (told?.trouble && told.value === undefined) return told.trouble.error;
  if (!Array.isArray(told?.value)) return undefined;
  // Hosts fail one by one.
  const lines = told.value as readonly { readonly error?: InfractlError }[];
  return lines.length > 0 && lines.every(({ error }) => error) ? lines[0]?.error : undefined;
}
