import { capabilities, isNoEcho, type Template } from './cloudformation-template.ts';

/** What CloudFormation says of a template before anything is made of it. */

const text = (value: unknown) => (value === undefined ? undefined : String(value));

function summary(template: Template): object {
  const wanted = capabilities(template);
  const types = [...new Set(Object.values(template.Resources).map((one) => one.Type))];
  return {
    Description: template.Description,
    Capabilities: wanted,
    CapabilitiesReason:
      wanted.length > 0
        ? `The following resource(s) require capabilities: [${types.filter((type) => type.startsWith('AWS::IAM::')).join(', ')}]`
        : undefined,
    DeclaredTransforms: template.Transform === undefined ? [] : [template.Transform].flat(),
    ResourceTypes: types,
    Metadata: template.Metadata === undefined ? undefined : JSON.stringify(template.Metadata),
  };
}

/** The answer of GetTemplateSummary. */
export function templateSummary(template: Template): object {
  return {
    ...summary(template),
    Parameters: Object.entries(template.Parameters ?? {}).map(([key, one]) => ({
      ParameterKey: key,
      DefaultValue: text(one.Default),
      ParameterType: one.Type,
      NoEcho: isNoEcho(one),
      Description: one.Description,
      ParameterConstraints: one.AllowedValues ? { AllowedValues: one.AllowedValues } : undefined,
    })),
  };
}

/** The answer of ValidateTemplate. */
export function templateValidation(template: Template): object {
  return {
    ...summary(template),
    ResourceTypes: undefined,
    Metadata: undefined,
    Parameters: Object.entries(template.Parameters ?? {}).map(([key, one]) => ({
      ParameterKey: key,
      DefaultValue: text(one.Default),
      NoEcho: isNoEcho(one),
      Description: one.Description,
    })),
  };
}
