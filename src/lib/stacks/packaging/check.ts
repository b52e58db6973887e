import { readFile, realpath } from 'node:fs/promises';
import { basename } from 'node:path';
import { isMap, isScalar, visit } from 'yaml';
import { UsageError } from '../../base/errors.ts';
import { plural } from '../../base/text.ts';
import { loadTemplate } from '../template/load.ts';
import { checkParameters, type GivenParameter } from '../template/parameters.ts';
import { shownPath } from '../template/shown-path.ts';
import { LANGUAGE_EXTENSIONS, SAM, type Template } from '../template/template.ts';
import { child, entries, intrinsic, parseYaml, quoted, scalarText } from '../template/yaml.ts';
import { obstacle } from './parcels.ts';
import { nameOf, type Place, placesIn } from './places.ts';

interface Problem {
  readonly code: 'CodeMissing' | 'TemplateCycle' | 'ParametersInvalid' | 'SnippetInvalid';
  /** With file, line and column. */
  readonly message: string;
  readonly quoted: string;
}

const MOST_SHOWN = 10;
const NEXT: Readonly<Record<Problem['code'], string>> = {
  CodeMissing: 'Name what is there, relative to the template; build it first if a build step makes it.',
  TemplateCycle: 'A template cannot hold itself: take one of the nested stacks out.',
  ParametersInvalid: 'Correct `Parameters:` of the nested stack, or the parameters of its template.',
  SnippetInvalid: 'Write the functions in their long form, such as `Fn::Sub:`.',
};

/**
 * Looks at everything that a template names on this machine: whether it is there, and for nested templates
 * also all that can be found in them without AWS, and the parameters that they get. Calls nothing.
 *
 * @throws UsageError `CodeMissing`, `TemplateCycle`, `ParametersInvalid` or `SnippetInvalid` with file, line
 * and column of the property; of a nested template also those of `loadTemplate`.
 */
export async function checkLocalPaths(template: Template): Promise<void> {
  if (placesIn(template).places.length === 0) return;
  const problems = await problemsIn(template, [await realpath(template.file).catch(() => template.file)]);
  const [first] = problems;
  if (!first) return;
  const rest = problems.length - MOST_SHOWN;
  throw new UsageError({
    code: first.code,
    message:
      problems.length === 1
        ? first.message
        : `The template ${shownPath(template.file)} names ${plural(problems.length, 'thing')} on this machine that cannot be used.`,
    why:
      problems.length === 1
        ? first.quoted
        : [
            ...problems.slice(0, MOST_SHOWN).map(({ message }) => message),
            ...(rest > 0 ? [`… and ${rest} more.`] : []),
          ].join('\n'),
    suggestions: [...new Set(problems.map(({ code }) => NEXT[code]))],
  });
}

/** @param trail real paths of the templates from the first one to this one. */
async function problemsIn(template: Template, trail: readonly string[]): Promise<Problem[]> {
  const problems: Problem[] = [];
  for (const place of placesIn(template).places) {
    const words = await obstacle(place);
    if (words) problems.push(problem('CodeMissing', place, words));
    else if (place.kind === 'snippet') problems.push(...(await snippetProblems(place)));
    else if (place.kind === 'template') problems.push(...(await nestedProblems(place, trail)));
  }
  return problems;
}

function problem(code: Problem['code'], { template, from }: Place, words: string): Problem {
  const at = template.tree.position(from);
  return {
    code,
    message: `${shownPath(template.file)}:${at.line}:${at.column}: ${words}${/[.!?]$/.test(words) ? '' : '.'}`,
    quoted: quoted(template.text, at),
  };
}

async function nestedProblems(place: Place, trail: readonly string[]): Promise<Problem[]> {
  const real = await realpath(place.path);
  if (trail.includes(real)) {
    const round = [...trail.slice(trail.indexOf(real)), real].map((file) => basename(file)).join(' → ');
    return [problem('TemplateCycle', place, `the nested template holds itself: ${round}`)];
  }
  const nested = await loadTemplate(place.path);
  const given = givenTo(place);
  const name = nameOf(place.template, place.path);
  const issues = given && hasAllItsParameters(nested) ? checkParameters(nested, given) : [];
  return [
    ...issues
      .filter(({ level }) => level === 'error')
      .map(({ message }) => problem('ParametersInvalid', place, `${name}: ${message}`)),
    ...(await problemsIn(nested, [...trail, real])),
  ];
}

/** What a nested stack gets. Undefined where that cannot be told from the text. */
function givenTo({ properties }: Place): Record<string, GivenParameter> | undefined {
  if (properties === undefined || child(properties, 'Fn::Transform')) return undefined;
  const parameters = child(properties, 'Parameters');
  if (parameters === undefined) return {};
  if (!isMap(parameters) || intrinsic(parameters)) return undefined;
  const pairs = entries(parameters);
  // A macro or a loop may add more.
  if (pairs.some(({ key }) => key.startsWith('Fn::'))) return undefined;
  return Object.fromEntries(
    pairs.map(({ key, value }) => [
      key,
      {
        value: isScalar(value) && !intrinsic(value) ? scalarText(value) : undefined,
        secret: false,
      },
    ]),
  );
}

/** No macro can add a parameter to it. */
function hasAllItsParameters({ transforms, text }: Template): boolean {
  return (
    transforms.every((name) => name === SAM || name === LANGUAGE_EXTENSIONS) &&
    !/Fn::Transform|!Transform/.test(text)
  );
}

/**
 * CloudFormation takes JSON and YAML there, and of YAML no short forms (template reference, "AWS::Include
 * transform", remarks).
 *
 * @throws UsageError `TemplateSyntax` with the position in the file.
 */
async function snippetProblems(place: Place): Promise<Problem[]> {
  const text = await readFile(place.path, 'utf8');
  const { document, position } = parseYaml(place.path, text, 'snippet');
  let short: { readonly tag: string; readonly offset: number } | undefined;
  visit(document, {
    Node(_, node) {
      if (!node.tag?.startsWith('!') || !/^![A-Za-z]/.test(node.tag)) return undefined;
      short = { tag: node.tag, offset: text.lastIndexOf(node.tag, node.range?.[0]) };
      return visit.BREAK;
    },
  });
  if (!short) return [];
  const at = position(short.offset);
  return [
    {
      code: 'SnippetInvalid',
      message: `${shownPath(place.path)}:${at.line}:${at.column}: AWS::Include does not take the short form ${short.tag}.`,
      quoted: quoted(text, at),
    },
  ];
}
