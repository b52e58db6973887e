import { UsageError } from '../../base/errors.ts';
import { nearest, plural } from '../../base/text.ts';
import { attributeUses, type Use, usesIn, usesInCondition } from './references.ts';
import { shownPath } from './shown-path.ts';
import { isModule, LANGUAGE_EXTENSIONS, SAM, sizeProblems, type Template } from './template.ts';
import { child, entries } from './yaml.ts';

const MOST_SHOWN = 10;

/**
 * Obvious mistakes, found before AWS is asked: nothing to make, too much, and names that do not exist.
 *
 * @throws UsageError `TemplateInvalid` with every problem and its line.
 */
export function checkUses(template: Template): void {
  const problems = [...sizeProblems(template), ...missingTypes(template), ...danglingUses(template)];
  if (problems.length === 0) return;
  const rest = problems.length - MOST_SHOWN;
  throw new UsageError({
    code: 'TemplateInvalid',
    message: `The template ${shownPath(template.file)} has ${plural(problems.length, 'mistake')}.`,
    why: [...problems.slice(0, MOST_SHOWN), ...(rest > 0 ? [`… and ${rest} more.`] : [])].join('\n'),
    suggestions: ['Mend the template, then run the same command again. Nothing was changed.'],
  });
}

/** Where a template's own names can be checked: no macro and no module can add or rename something. */
function isClosed({ transforms, text, resources }: Template): boolean {
  return (
    ![...resources.values()].some(({ type }) => isModule(type)) &&
    transforms.every((name) => name === SAM) &&
    !text.includes('Fn::Transform') &&
    !text.includes('!Transform')
  );
}

function missingTypes(template: Template): string[] {
  if (!isClosed(template)) return [];
  return [...template.resources]
    .filter(([, { type }]) => type === '')
    .map(([id, { line }]) => `line ${line}: the resource ${id} has no Type.`);
}

function danglingUses(template: Template): string[] {
  if (!isClosed(template) || template.transforms.includes(LANGUAGE_EXTENSIONS)) return [];
  const { root, position } = template.tree;
  const conditions = new Set(entries(child(root, 'Conditions')).map(({ key }) => key));
  const resources = [...template.resources.keys()];
  const values = new Set([...resources, ...template.parameters.keys()]);
  const known = (use: Use): boolean => {
    if (use.name.startsWith('AWS::')) return true;
    if (use.of === 'condition') return conditions.has(use.name);
    const declared = use.of === 'resource' ? template.resources.has(use.name) : values.has(use.name);
    return declared || madeBySam(template, use.name);
  };
  return allUses(root)
    .filter((use) => !known(use))
    .map((use) => {
      const candidates = use.of === 'condition' ? conditions : use.of === 'resource' ? resources : values;
      const near = nearest(use.name, candidates);
      const what =
        use.of === 'condition' ? 'condition' : use.of === 'resource' ? 'resource' : 'resource or parameter';
      return `line ${position(use.offset).line}: ${use.by} names ${use.name}, and there is no such ${what}.${near ? ` Is ${near} meant?` : ''}`;
    });
}

function allUses(root: unknown): Use[] {
  const conditions = entries(child(root, 'Conditions')).flatMap(({ value }) => usesInCondition(value));
  const parts = ['Resources', 'Outputs'].flatMap((section) =>
    entries(child(root, section)).flatMap(({ value }) => [...attributeUses(value), ...usesIn(value)]),
  );
  return [...conditions, ...parts];
}

/**
 * SAM makes resources whose ids begin with the id of the one that they belong to (`FnRole`, `ApiStage`),
 * and APIs of its own (`ServerlessRestApi`).
 */
function madeBySam(template: Template, id: string): boolean {
  if (!template.transforms.includes(SAM)) return false;
  if (/^Serverless(RestApi|HttpApi|WebSocketApi|DeploymentApplication)/.test(id)) return true;
  if (id === 'CodeDeployServiceRole') return true;
  // A property of a SAM resource may be referred to by its path: `!Ref Fn.Version`, `Fn.Alias`.
  for (const [declared, { type }] of template.resources)
    if (type.startsWith('AWS::Serverless::') && id !== declared && id.startsWith(declared)) return true;
  return false;
}
