import { isInfractlError } from '../base/errors.ts';
import { nearest } from '../base/text.ts';
import { displayPath } from './find.ts';
import { collectWiring } from './graph.ts';
import { placeName } from './issues.ts';
import { environmentNames, type LoadedProject, type LoadOptions, loadProject } from './load.ts';
import { isReference, type StackPart, type Value } from './model.ts';
import { ConfigurationError, formatProblem, type Problem } from './problems.ts';
import { splitOutput } from './references.ts';

/** What a template says of itself, as far as a configuration can contradict it. */
export interface TemplateWords {
  readonly parameters: ReadonlyMap<string, unknown>;
  readonly outputs: readonly string[];
  /** A macro may add outputs that the text does not have. */
  readonly openEnded: boolean;
}

export interface GivenParameter {
  /** Undefined while a reference has yet to give it. */
  readonly value: string | undefined;
  readonly secret: boolean;
}

/** The checks of templates, which another part of infractl makes. */
export interface TemplateChecks<Template extends TemplateWords> {
  /** Rejects with an InfractlError that says what is wrong with the file. */
  template(file: string): Promise<Template>;
  /** Errors in a stack's parameters, as sentences. */
  parameters(
    template: Template,
    given: Readonly<Record<string, GivenParameter>>,
  ): readonly { readonly parameter: string; readonly level: 'error' | 'warning'; readonly message: string }[];
}

export interface ConfigFinding {
  readonly level: 'error' | 'warning';
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
  readonly message: string;
  /** The finding with its position, the quoted line and the caret. */
  readonly text: string;
  /** Only where the finding is of one environment. */
  readonly environment?: string;
}

export interface Validation {
  readonly environments: readonly string[];
  readonly findings: readonly ConfigFinding[];
}

/**
 * Checks all that can be checked without AWS: the configuration in every environment (or the one that is
 * named), and the templates of its stacks with the parameters that they get.
 *
 * @throws UsageError where there is no configuration, or no such environment.
 */
export async function validateProject<T extends TemplateWords>(
  options: LoadOptions,
  checks: TemplateChecks<T>,
): Promise<Validation> {
  const findings = new Map<string, ConfigFinding>();
  const add = (finding: ConfigFinding) => {
    if (!findings.has(finding.text)) findings.set(finding.text, finding);
  };
  let environments: readonly string[] = [];
  try {
    environments = options.environment ? [options.environment] : environmentNames(options);
  } catch (error) {
    for (const finding of configurationFindings(error)) add(finding);
  }
  for (const environment of environments) {
    try {
      const loaded = await loadProject({ ...options, environment });
      for (const message of loaded.warnings) add(plainFinding('warning', loaded.shownFile, message));
      for (const finding of await templateFindings(loaded, checks, options.cwd)) add(finding);
    } catch (error) {
      for (const finding of configurationFindings(error)) add(finding);
    }
  }
  return { environments, findings: [...findings.values()] };
}

function plainFinding(level: ConfigFinding['level'], file: string, message: string): ConfigFinding {
  return { level, file, message, text: message };
}

function configurationFindings(error: unknown): ConfigFinding[] {
  if (!(error instanceof ConfigurationError)) throw error;
  return error.problems.map((problem) => problemFinding('error', problem));
}

function problemFinding(level: ConfigFinding['level'], problem: Problem): ConfigFinding {
  const { file, line, column, message } = problem;
  return {
    level,
    file,
    ...(line === undefined ? {} : { line, column: column ?? 1 }),
    message,
    text: formatProblem(problem),
  };
}

async function templateFindings<T extends TemplateWords>(
  loaded: LoadedProject,
  checks: TemplateChecks<T>,
  cwd: string,
): Promise<ConfigFinding[]> {
  const { project } = loaded;
  const findings: ConfigFinding[] = [];
  const templates = new Map<string, T>();
  for (const stack of project.stacks.values()) {
    try {
      const template = await checks.template(stack.template);
      templates.set(stack.name, template);
      findings.push(...parameterFindings(loaded, stack, checks.parameters(template, givenParameters(stack))));
    } catch (error) {
      if (!isInfractlError(error)) throw error;
      const shown = (text: string) => text.replaceAll(stack.template, displayPath(stack.template, cwd));
      const message = shown(error.message);
      const why = error.why ? `\n${shown(error.why).replace(/^/gm, '  ')}` : '';
      findings.push({ ...plainFinding('error', shown(stack.template), message), text: message + why });
    }
  }
  return [...findings, ...outputFindings(loaded, templates)];
}

function parameterFindings(
  loaded: LoadedProject,
  stack: StackPart,
  issues: ReturnType<TemplateChecks<TemplateWords>['parameters']>,
): ConfigFinding[] {
  return issues.map(({ parameter, level, message }) => {
    const path = ['stacks', stack.name, 'parameters', parameter];
    const at = parameter in stack.parameters ? 'key' : 'value';
    const problem = loaded.problemAt(path, { message: `${message} (stacks.${stack.name})` }, at);
    return { ...problemFinding(level, problem), environment: loaded.project.environment };
  });
}

/** A secret's own text is never known here, so that no check can tell it. */
function givenParameters(stack: StackPart): Record<string, GivenParameter> {
  return Object.fromEntries(
    Object.entries(stack.parameters).map(([key, value]) => {
      const items = [value].flat() as Value[];
      const secret = items.some((item) => isReference(item) && ('secret' in item || 'env' in item));
      return [key, { value: items.some(isReference) ? undefined : items.join(','), secret }];
    }),
  );
}

/** `{ output: app.X }` where the template of app has no output X. */
function outputFindings(
  loaded: LoadedProject,
  templates: ReadonlyMap<string, TemplateWords>,
): ConfigFinding[] {
  return collectWiring(loaded.project).edges.flatMap(({ output, path }) => {
    if (output === undefined) return [];
    const { stack, key } = splitOutput({ output });
    const template = templates.get(stack);
    if (template === undefined || template.openEnded || template.outputs.includes(key)) return [];
    const near = nearest(key, template.outputs);
    const message = `the template of stack ${stack} has no output ${key}${near ? `; did you mean ${near}?` : '.'} (${placeName(path.slice(0, -1))})`;
    const problem = loaded.problemAt(path, {
      message,
      expected: template.outputs.length
        ? `Its outputs: ${template.outputs.join(', ')}.`
        : 'It has no outputs.',
    });
    return [{ ...problemFinding('error', problem), environment: loaded.project.environment }];
  });
}
