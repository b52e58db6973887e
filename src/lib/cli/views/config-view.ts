import { Exit } from '../../base/errors.ts';
import { listed, plural } from '../../base/text.ts';
import type { LoadedProject, Validation } from '../../project/index.ts';
import type { View } from './view.ts';

/** The effective configuration: YAML for people, the same tree as JSON. */
export function configurationView(
  configuration: Readonly<Record<string, unknown>>,
  yaml: string,
  { project, shownFile }: Pick<LoadedProject, 'shownFile' | 'project'>,
): View {
  const head = `# ${shownFile}, environment ${project.environment}, with all defaults`;
  return { json: configuration, text: ({ paint }) => `${paint('dim', head)}\n${yaml}` };
}

/** Every finding with its place. Exit 2 when one of them is an error. */
export function validationView({ environments, findings }: Validation): View {
  const errors = findings.filter(({ level }) => level === 'error').length;
  const warnings = findings.length - errors;
  const valid = errors === 0;
  return {
    json: {
      valid,
      environments,
      findings: findings.map(({ text: _, ...finding }) => finding),
    },
    text({ paint }) {
      const lines = findings.map(({ level, text, environment }) => {
        const mark = level === 'error' ? paint('red', '✗') : paint('yellow', '!');
        // Behind the message, above the line that is quoted.
        const of = environment && environments.length > 1 ? ` In ${environment}.` : '';
        return `${mark} ${text.replace(/$/m, of)}`;
      });
      const counts = [
        ...(errors ? [plural(errors, 'error')] : []),
        ...(warnings ? [plural(warnings, 'warning')] : []),
      ];
      const where = environments.length > 0 ? ` (${listed(environments)})` : '';
      const verdict = valid
        ? `${paint('green', '✓')} The configuration is valid${where}${warnings ? `, with ${listed(counts)}` : ''}.`
        : `${listed(counts)}.`;
      return [...lines, verdict].join('\n');
    },
    ...(valid ? {} : { exit: Exit.usage }),
  };
}
