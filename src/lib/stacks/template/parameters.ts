import { nearest } from '../../base/text.ts';
import { awsTypeProblem } from './aws-types.ts';
import type { ParameterFacts, TemplateFacts } from './template.ts';

export interface GivenParameter {
  /** Undefined while another part has yet to give it: only its name is checked. */
  readonly value: string | undefined;
  readonly secret: boolean;
}

export interface ParameterIssue {
  readonly parameter: string;
  /** A warning does not keep the stack from being deployed. */
  readonly level: 'error' | 'warning';
  readonly code: 'unknown' | 'missing' | 'length' | 'range' | 'pattern' | 'value' | 'type' | 'exposed';
  /** A sentence. Never the value of a secret. */
  readonly message: string;
}

/** AWS's limit of one value, in bytes. */
const LONGEST_VALUE = 4096;

/** What is wrong with a stack's parameters, before AWS is asked. Pure. */
export function checkParameters(
  facts: Pick<TemplateFacts, 'parameters'>,
  given: Readonly<Record<string, GivenParameter>>,
): ParameterIssue[] {
  const issues: ParameterIssue[] = [];
  for (const name of Object.keys(given)) {
    if (facts.parameters.has(name)) continue;
    const near = nearest(name, facts.parameters.keys());
    issues.push({
      parameter: name,
      level: 'error',
      code: 'unknown',
      message: `The template has no parameter ${name}.${near ? ` Is ${near} meant?` : ''}`,
    });
  }
  for (const [name, declared] of facts.parameters) {
    const one = Object.hasOwn(given, name) ? given[name] : undefined;
    if (one === undefined) {
      if (declared.default !== undefined) issues.push(...checkDefault(name, declared, declared.default));
      else
        issues.push({
          parameter: name,
          level: 'error',
          code: 'missing',
          message: `The parameter ${name} has no value, and the template gives it no default.${declared.description ? ` (${declared.description})` : ''}`,
        });
      continue;
    }
    issues.push(...checkOne(name, declared, one));
  }
  return issues;
}

/** AWS holds a default against the constraints too, and refuses the template for it. */
function checkDefault(name: string, declared: ParameterFacts, value: string): ParameterIssue[] {
  return checkOne(name, declared, { value, secret: false }).map((issue) => ({
    ...issue,
    message: issue.message.replace(`The parameter ${name} `, `The default of the parameter ${name} `),
  }));
}

function checkOne(name: string, declared: ParameterFacts, given: GivenParameter): ParameterIssue[] {
  const exposed: ParameterIssue[] =
    given.secret && !declared.noEcho && !isStoreType(declared.type)
      ? [
          {
            parameter: name,
            level: 'warning',
            code: 'exposed',
            message: `The parameter ${name} gets a secret, but the template does not declare it with NoEcho: everybody who may look at the stack can read it.`,
          },
        ]
      : [];
  const { value } = given;
  if (value === undefined) return exposed;
  const hidden = given.secret || declared.noEcho;
  const wrong = valueProblem(declared, value, hidden);
  if (!wrong) return exposed;
  const [code, words] = wrong;
  const why = ownWords(declared.constraintDescription, words);
  return [
    ...exposed,
    { parameter: name, level: 'error', code, message: `The parameter ${name} ${words}.${why}` },
  ];
}

/** What the template's author says of the constraint, where that is more than we said. */
function ownWords(description: string | undefined, said: string): string {
  const words = description?.trim().replace(/\.$/, '') ?? '';
  return words === '' || said.includes(words) ? '' : ` The template says: ${sentence(words)}`;
}

type Wrong = readonly [ParameterIssue['code'], string];

function valueProblem(declared: ParameterFacts, value: string, hidden: boolean): Wrong | undefined {
  const shown = hidden ? 'its value' : `"${value}"`;
  if (Buffer.byteLength(value) > LONGEST_VALUE)
    return ['length', `is longer than ${LONGEST_VALUE} bytes, the most that CloudFormation takes`];
  // The value is a name in the parameter store; the constraints are for the name.
  return typeProblem(declared.type, value, shown) ?? constraintProblem(declared, value, hidden, shown);
}

function typeProblem(type: string, value: string, shown: string): Wrong | undefined {
  if (type === 'Number' && !isNumber(value)) return ['type', `must be a number, and ${shown} is none`];
  if (type === 'List<Number>' && !items(value).every(isNumber))
    return ['type', `must be numbers with commas between them, and ${shown} is not that`];
  return awsTypeProblem(type, value, shown);
}

function constraintProblem(
  declared: ParameterFacts,
  value: string,
  hidden: boolean,
  shown: string,
): Wrong | undefined {
  const { minLength, maxLength, minValue, maxValue, allowedValues, allowedPattern } = declared;
  const length = [...value].length;
  const has = hidden ? '' : `, and it has ${length}`;
  if (minLength !== undefined && length < minLength)
    return ['length', `is too short: it must have ${minLength} characters or more${has}`];
  if (maxLength !== undefined && length > maxLength)
    return ['length', `is too long: it may have ${maxLength} characters at most${has}`];
  if (minValue !== undefined && Number(value) < minValue)
    return ['range', `must be ${minValue} or more, and ${shown} is less`];
  if (maxValue !== undefined && Number(value) > maxValue)
    return ['range', `must be ${maxValue} or less, and ${shown} is more`];
  const each = isList(declared.type) ? items(value) : [value];
  const odd = allowedValues && each.find((item) => !allowedValues.includes(item));
  if (odd !== undefined)
    return [
      'value',
      `must be one of ${allowedValues?.join(', ')}, and ${hidden ? 'its value' : `"${odd}"`} is not${didYouMean(odd, allowedValues ?? [], hidden)}`,
    ];
  const pattern = allowedPattern === undefined ? undefined : compiled(allowedPattern);
  if (pattern && !each.every((item) => pattern.test(item)))
    return ['pattern', `must match ${allowedPattern}, and ${shown} does not`];
  return undefined;
}

function didYouMean(odd: string, allowed: readonly string[], hidden: boolean): string {
  const near = hidden ? undefined : nearest(odd, allowed);
  return near === undefined ? '' : ` (is ${near} meant?)`;
}

/** What Java's patterns have and JavaScript takes for something else: properties, quotations, intersections. */
const JAVA_ALONE = /&&|\\[pPQEAzZGRhHX]/;

/** AWS matches the whole value. Its patterns are Java's; one that JavaScript cannot read is left to AWS. */
function compiled(pattern: string): RegExp | undefined {
  if (JAVA_ALONE.test(pattern)) return undefined;
  try {
    return new RegExp(`^(?:${pattern})$`, 's');
  } catch {
    return undefined;
  }
}

/** An integer or a float, as AWS takes them: no `0x10`, no `Infinity`. */
function isNumber(text: string): boolean {
  return /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*$/.test(text);
}

function isList(type: string): boolean {
  return type === 'CommaDelimitedList' || type.startsWith('List<');
}

function items(value: string): string[] {
  return value.split(',').map((item) => item.trim());
}

/** A parameter whose value is the name of one in Parameter Store. */
export function isStoreType(type: string): boolean {
  return type.startsWith('AWS::SSM::Parameter::');
}

function sentence(text: string): string {
  const whole = text.trim();
  return /[.!?]$/.test(whole) ? whole : `${whole}.`;
}
