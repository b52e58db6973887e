import {
  GetParameterHistoryCommand,
  type ParameterHistory,
  PutParameterCommand,
  SSMClient,
} from '@aws-sdk/client-ssm';
import { throwIfAborted } from '../base/clock.ts';
import type { StorePort } from '../secrets/stores.ts';
import { call } from './call.ts';
import { underneath } from './errors.ts';
import type { AwsSession } from './session.ts';
import { parameterStorePort } from './ssm.ts';
import { traced } from './trace.ts';

/** Parameter Store as a store of SecureString parameters; the parameter keeps its last hundred values. */
export function parameterStore(session: AwsSession, signal: AbortSignal): StorePort {
  const client = traced(new SSMClient(session.config), session);
  const options = { abortSignal: signal };

  /** Oldest first; undefined where there is no such parameter. */
  async function history(Name: string, WithDecryption: boolean): Promise<ParameterHistory[] | undefined> {
    const all: ParameterHistory[] = [];
    let NextToken: string | undefined;
    try {
      do {
        const page = await call(session, 'ssm:GetParameterHistory', () =>
          client.send(
            new GetParameterHistoryCommand({ Name, WithDecryption, ...(NextToken ? { NextToken } : {}) }),
            options,
          ),
        );
        all.push(...(page.Parameters ?? []));
        NextToken = page.NextToken;
      } while (NextToken);
      return all.sort((a, b) => (a.Version ?? 0) - (b.Version ?? 0));
    } catch (error) {
      throwIfAborted(signal);
      if (underneath(error).name === 'ParameterNotFound') return undefined;
      throw error;
    }
  }

  async function put(
    Name: string,
    Value: string,
    more: { Tags: { Key: string; Value: string }[] } | { Overwrite: true; KeyId?: string },
  ) {
    await call(session, 'ssm:PutParameter', () =>
      client.send(
        new PutParameterCommand({
          Name,
          Value,
          Type: 'SecureString',
          ...more,
        }),
        options,
      ),
    );
  }

  /** A further value under the key of the one before: without it AWS takes the account's own, whoever may use that. */
  function overwrite(name: string, value: string, before: readonly ParameterHistory[]) {
    const KeyId = before.at(-1)?.KeyId;
    return put(name, value, { Overwrite: true, ...(KeyId ? { KeyId } : {}) });
  }

  return {
    store: 'ssm',
    value: async (name) => (await parameterStorePort(session, signal).parameter(name))?.value,
    async facts(name) {
      const versions = await history(name, false);
      return (
        versions && {
          changed: versions.at(-1)?.LastModifiedDate?.getTime(),
          previous: versions.length > 1,
          rotates: false,
        }
      );
    },
    create: (name, value, tags) =>
      put(name, value, { Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) }),
    put: async (name, value) => overwrite(name, value, (await history(name, false)) ?? []),
    async goBack(name) {
      const versions = (await history(name, true)) ?? [];
      const current = versions.at(-1)?.Value;
      // A value whose answer was lost is there twice.
      const before = versions.findLast(({ Value }) => Value !== current)?.Value;
      if (before !== undefined) await overwrite(name, before, versions);
      return before !== undefined;
    },
  };
}
