import { plural } from '../../base/text.ts';
import type { Plain } from '../template/yaml.ts';
import { hideSecrets, secretsOf, stepsOf } from './secret-values.ts';

/** One resource of a drift-aware change set that was changed past the stack. */
export interface Revert {
  readonly logicalId: string;
  readonly type: string;
  /** `recreate`: it was deleted; `sync`: it is what the new template says, so that only AWS's record changes. */
  readonly act: 'modify' | 'recreate' | 'sync';
  readonly properties: readonly RevertedProperty[];
}

export interface RevertedProperty {
  /** `/Properties/VisibilityTimeout` */
  readonly path: string;
  readonly actual: string;
  readonly wanted: string;
  /** What putting it back does to the resource. */
  readonly replacement: 'always' | 'conditional' | 'never';
}

export interface RevertWords {
  /** Properties of the resources in the template that is deployed. */
  readonly resources: ReadonlyMap<string, Plain>;
  readonly noEcho: ReadonlySet<string>;
}

/** What a drift-aware change set will put back, one sentence a property; a secret's value is not in it. Pure. */
export function revertLines(
  stackName: string,
  reverts: readonly Revert[] | undefined,
  words: RevertWords,
): string[] {
  if (!reverts) return ['What was changed by hand stays: this endpoint knows no drift-aware change sets.'];
  if (reverts.length === 0) return [`Nothing of the stack ${stackName} was changed by hand.`];
  return [
    `The stack ${stackName} gets ${plural(reverts.length, 'resource')} back that ${reverts.length === 1 ? 'was' : 'were'} changed by hand:`,
    ...reverts.flatMap((revert) => linesOf(revert, words)),
  ];
}

function linesOf({ logicalId, type, act, properties }: Revert, { resources, noEcho }: RevertWords): string[] {
  const resource = resources.get(logicalId) as { readonly Properties?: Plain } | undefined;
  const isSecret = secretsOf(resource?.Properties, noEcho);
  if (act === 'recreate')
    return [`  ${logicalId} (${type}) was deleted; a new one is made, without what was in it`];
  if (act === 'sync')
    return [`  ${logicalId} is what the template says already; only AWS's record of it changes`];
  const moved =
    type === 'AWS::Lambda::Alias'
      ? '; if a function of this project has the alias, this deploy moves it on again'
      : '';
  return properties.map(({ path, actual, wanted }) => {
    const steps = stepsOf(path).slice(1);
    const shown = (text: string) => hideSecrets(text, steps, isSecret);
    return `  ${logicalId}.${steps.join('.')}: ${shown(actual)} → ${shown(wanted)}${steps[0] === 'FunctionVersion' ? moved : ''}`;
  });
}
