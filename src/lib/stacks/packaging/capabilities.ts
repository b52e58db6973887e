import { SAM, type Template } from '../template/template.ts';
import { child, entries } from '../template/yaml.ts';

const NAMES: ReadonlySet<string> = new Set([
  'GroupName',
  'InstanceProfileName',
  'ManagedPolicyName',
  'RoleName',
  'UserName',
]);

/**
 * What must be acknowledged for a nested template. GetTemplateSummary of the stack around it does not look
 * inside, and AWS refuses the nested stack only when it is its turn (API reference, "CreateStack",
 * Capabilities). Errs on the side of acknowledging.
 */
export function capabilitiesOf(template: Template): string[] {
  const { transforms, resources, tree } = template;
  const isSam = transforms.includes(SAM);
  const needed = new Set<string>(transforms.length > 0 ? ['CAPABILITY_AUTO_EXPAND'] : []);
  if (isSam) needed.add('CAPABILITY_IAM');
  const section = child(tree.root, 'Resources');
  for (const [id, { type }] of resources) {
    const isIam = type.startsWith('AWS::IAM::');
    if (!isIam && !(isSam && type.startsWith('AWS::Serverless::'))) continue;
    const properties = entries(child(child(section, id), 'Properties'));
    const isNamed = properties.some(({ key }) => NAMES.has(key));
    needed.add(isNamed ? 'CAPABILITY_NAMED_IAM' : 'CAPABILITY_IAM');
  }
  return [...needed].sort();
}
