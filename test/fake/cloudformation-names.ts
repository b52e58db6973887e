import { type Parameters, validationError } from './wire.ts';

/** What CloudFormation refuses by its form alone: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html */

const NAME = /^[a-zA-Z][-a-zA-Z0-9]*$/;
const TOKEN = /^[a-zA-Z0-9][-a-zA-Z0-9]*$/;

const refuse = (value: unknown, at: string, constraint: string) =>
  validationError(
    `1 validation error detected: Value '${value}' at '${at}' failed to satisfy constraint: ${constraint}`,
  );

interface Tag {
  readonly Key: string;
  readonly Value: string;
}

interface Given {
  readonly ParameterKey?: string;
  readonly ParameterValue?: string;
  readonly UsePreviousValue?: string;
}

/** @throws AWS's ValidationErrors for names, tokens, tags and parameters that it takes of nobody */
export function checkForm(p: Parameters): void {
  for (const [key, pattern] of [
    ['StackName', NAME],
    ['ChangeSetName', NAME],
    ['ClientToken', TOKEN],
    ['ClientRequestToken', TOKEN],
  ] as const) {
    const value = p[key];
    if (value === undefined || String(value).startsWith('arn:')) continue;
    const at = `${key.charAt(0).toLowerCase()}${key.slice(1)}`;
    if (!pattern.test(String(value)))
      throw refuse(value, at, `Member must satisfy regular expression pattern: ${pattern.source}`);
    if (String(value).length > 128)
      throw refuse(value, at, 'Member must have length less than or equal to 128');
  }
  checkTags(Array.isArray(p.Tags) ? (p.Tags as Tag[]) : []);
  checkParameters(Array.isArray(p.Parameters) ? (p.Parameters as Given[]) : []);
}

function checkTags(tags: readonly Tag[]): void {
  if (tags.length > 50) throw refuse(tags.length, 'tags', 'Member must have length less than or equal to 50');
  for (const { Key, Value } of tags) {
    if (Key.startsWith('aws:'))
      throw validationError('aws: prefixed tag key names are not allowed for external use.');
    if (Key.length < 1 || Key.length > 128)
      throw refuse(Key, 'tags.member.key', 'Member must have length between 1 and 128');
    if (Value.length < 1 || Value.length > 256)
      throw refuse(Value, 'tags.member.value', 'Member must have length between 1 and 256');
  }
  const twice = tags.find(({ Key }, at) => tags.findIndex((one) => one.Key === Key) !== at);
  if (twice) throw validationError(`Duplicate Tag key '${twice.Key}'.`);
}

function checkParameters(given: readonly Given[]): void {
  if (given.length > 200)
    throw refuse(given.length, 'parameters', 'Member must have length less than or equal to 200');
  for (const [at, { ParameterKey: key, ParameterValue, UsePreviousValue }] of given.entries()) {
    if (given.findIndex((one) => one.ParameterKey === key) !== at)
      throw validationError(`Duplicate parameter key '${key}'.`);
    if (UsePreviousValue === 'true' && ParameterValue)
      throw validationError(
        `Invalid input for parameter key ${key}. Cannot specify usePreviousValue as true and non empty value for a parameter`,
      );
    if ((ParameterValue?.length ?? 0) > 4096)
      throw validationError(`Parameter '${key}' must be at most 4096 characters long`);
  }
}
