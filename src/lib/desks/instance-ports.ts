import type { AwsSession } from '../aws/session.ts';
import type { InstanceDeps } from '../instances/index.ts';

type Openers = {
  [K in keyof InstanceDeps['ports']]: (session: AwsSession) => ReturnType<InstanceDeps['ports'][K]>;
};

/** Ports that are opened when they are first asked for, each once. */
export function lazily(session: () => Promise<AwsSession>, openers: Openers): InstanceDeps['ports'] {
  const once = <T>(open: (session: AwsSession) => Promise<T>) => {
    let opened: Promise<T> | undefined;
    return () => {
      opened ??= session().then(open);
      return opened;
    };
  };
  return {
    instances: once(openers.instances),
    groups: once(openers.groups),
    databases: once(openers.databases),
  };
}
