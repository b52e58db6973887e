import {
  CreateSecretCommand,
  DescribeSecretCommand,
  PutSecretValueCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { throwIfAborted } from '../base/clock.ts';
import type { StorePort } from '../secrets/stores.ts';
import { call } from './call.ts';
import { underneath } from './errors.ts';
import { secretsManagerClient, secretsManagerPort } from './secrets-manager.ts';
import type { AwsSession } from './session.ts';

const CURRENT = 'AWSCURRENT';
const PREVIOUS = 'AWSPREVIOUS';

/** Secrets Manager as a store: every value is a version, the two newest by their stages. */
export function secretsStore(session: AwsSession, signal: AbortSignal): StorePort {
  const clientOf = (id: string) => secretsManagerClient(session, id);
  const options = { abortSignal: signal };
  const describe = (SecretId: string) =>
    call(session, 'secretsmanager:DescribeSecret', () =>
      clientOf(SecretId).send(new DescribeSecretCommand({ SecretId }), options),
    );
  /** The version that has a stage. */
  const versionIn = (stages: Readonly<Record<string, readonly string[]>>, stage: string) =>
    Object.entries(stages).find(([, names]) => names.includes(stage))?.[0];

  return {
    store: 'secretsmanager',
    value: secretsManagerPort(session, signal).value,
    async facts(name) {
      try {
        const { LastChangedDate, VersionIdsToStages = {}, RotationEnabled } = await describe(name);
        return {
          changed: LastChangedDate?.getTime(),
          previous: versionIn(VersionIdsToStages, PREVIOUS) !== undefined,
          rotates: RotationEnabled === true,
        };
      } catch (error) {
        throwIfAborted(signal);
        if (underneath(error).name === 'ResourceNotFoundException') return undefined;
        throw error;
      }
    },
    async create(Name, SecretString, tags) {
      const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
      await call(session, 'secretsmanager:CreateSecret', () =>
        clientOf(Name).send(new CreateSecretCommand({ Name, SecretString, Tags }), options),
      );
    },
    async put(SecretId, SecretString) {
      await call(session, 'secretsmanager:PutSecretValue', () =>
        clientOf(SecretId).send(new PutSecretValueCommand({ SecretId, SecretString }), options),
      );
    },
    async goBack(SecretId) {
      const { VersionIdsToStages = {} } = await describe(SecretId);
      const before = versionIn(VersionIdsToStages, PREVIOUS);
      if (before === undefined) return false;
      try {
        // Moving AWSCURRENT makes the version that had it AWSPREVIOUS.
        await call(session, 'secretsmanager:UpdateSecretVersionStage', () =>
          clientOf(SecretId).send(
            new UpdateSecretVersionStageCommand({
              SecretId,
              VersionStage: CURRENT,
              MoveToVersionId: before,
              RemoveFromVersionId: versionIn(VersionIdsToStages, CURRENT),
            }),
            options,
          ),
        );
      } catch (error) {
        if (underneath(error).name !== 'InvalidParameterException') throw error;
        // A first try whose answer was lost has moved it: the second finds it moved.
        const { VersionIdsToStages: now = {} } = await describe(SecretId);
        if (versionIn(now, CURRENT) !== before) throw error;
      }
      return true;
    },
  };
}
