import { basename } from 'node:path';
import { nestedTemplates } from '../packaging/nested.ts';
import type { ValidationFinding } from '../port.ts';
import { locate } from '../template/locate.ts';
import type { Template } from '../template/template.ts';

/** What early validation found, with its place in a file on this machine. */
export interface LocatedFinding extends ValidationFinding {
  readonly file: string;
  /** From 1. */
  readonly line?: number;
  readonly column?: number;
}

/**
 * Finds the places of AWS's findings in the templates that were sent, those of nested stacks included.
 *
 * @param stackName the stack of `template`; nested ones are called `<its name>-<logical id>-<letters>`
 */
export async function locateFindings(
  findings: readonly ValidationFinding[],
  stackName: string,
  template: Template,
): Promise<LocatedFinding[]> {
  return Promise.all(
    findings.map(async (finding): Promise<LocatedFinding> => {
      const named = finding.stackId?.split('/')[1] ?? stackName;
      const owner = await templateOf(named, stackName, template);
      const path = finding.path ?? (finding.logicalId ? `/Resources/${finding.logicalId}` : undefined);
      const at = path === undefined ? undefined : locate(owner.tree, path);
      return { ...finding, file: owner.file, ...at };
    }),
  );
}

async function templateOf(wanted: string, stackName: string, template: Template): Promise<Template> {
  if (wanted === stackName) return template;
  for (const [logicalId, nested] of await nestedTemplates(template)) {
    const prefix = `${stackName}-${logicalId}-`;
    if (!wanted.startsWith(prefix)) continue;
    // `<letters>` alone is this one, and more is one that is nested in it.
    const own = /^[^-]+/.exec(wanted.slice(prefix.length))?.[0] ?? '';
    return templateOf(wanted, `${prefix}${own}`, nested);
  }
  return template;
}

/** `Bucket (template.yaml:12:7, BucketName): what AWS says.` */
export function findingWords({ logicalId, reason, path, file, line, column }: LocatedFinding): string {
  const id = logicalId ?? /^\/?Resources\/([^/]+)/.exec(path ?? '')?.[1];
  if (!id) return reason;
  const inside = path?.replace(/^\/?Resources\/[^/]+\/?/, '').replace(/^Properties\/?/, '');
  const place = line === undefined ? [] : [`${basename(file)}:${line}:${column}`];
  const where = [...place, ...(inside ? [inside] : [])].join(', ');
  return `${id}${where ? ` (${where})` : ''}: ${reason}`;
}
