import type { AwsSession } from '../aws/session.ts';
import type { Redactor } from '../base/redact.ts';
import { type Resolved, resolveValue, type Sources } from '../project/index.ts';
import type { Project, Value } from '../project/model.ts';
import type { createSecretReader } from '../secrets/index.ts';

export interface ValueDeps {
  /** Opened when a value needs AWS: one that does not works without credentials. */
  readonly session: () => Promise<AwsSession>;
  readonly redactor: Redactor;
  /** An environment variable, or a line of `.env.secrets`. */
  readonly variable: (name: string) => string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The text of the values of a project as it is deployed now, each source asked once. Secrets are told to the
 * redactor before they are given out.
 */
export function valueResolver(deps: ValueDeps, project: Project): (value: Value) => Promise<Resolved> {
  const outputs = new Map<string, Promise<Readonly<Record<string, string>>>>();
  let secrets: Promise<ReturnType<typeof createSecretReader>> | undefined;
  const store = () => {
    secrets ??= Promise.all([import('../secrets/index.ts'), deps.session()]).then(
      ([{ createSecretReader }, session]) => createSecretReader(session, deps.signal),
    );
    return secrets;
  };
  const told = (found: Resolved | undefined) => {
    if (found?.secret) deps.redactor.add(found.value);
    return found;
  };
  const readOutputs = async (name: string) => {
    const stackName = project.stacks.get(name)?.stackName ?? name;
    const session = await deps.session();
    const [{ cloudFormation }, { readStack }] = await Promise.all([
      import('../aws/cloudformation.ts'),
      import('../stacks/index.ts'),
    ]);
    return (await readStack(cloudFormation(session), stackName))?.outputs ?? {};
  };
  const sources: Sources = {
    async output(stack, key) {
      let read = outputs.get(stack);
      if (!read) {
        read = readOutputs(stack);
        outputs.set(stack, read);
      }
      const value = (await read)[key];
      return value === undefined ? undefined : { value, secret: false };
    },
    image: async () => undefined,
    secret: async (name, key) => told(await (await store()).secret(name, key)),
    parameter: async (name) => told(await (await store()).parameter(name)),
    env(name) {
      const value = deps.variable(name);
      return value === undefined ? undefined : told({ value, secret: true });
    },
  };
  return (value) => resolveValue(value, sources);
}
