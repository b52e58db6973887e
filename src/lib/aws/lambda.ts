import {
  CreateAliasCommand,
  type FunctionConfiguration,
  GetAliasCommand,
  GetFunctionCommand,
  GetFunctionConfigurationCommand,
  LambdaClient,
  PublishVersionCommand,
  UpdateAliasCommand,
  UpdateFunctionCodeCommand,
} from '@aws-sdk/client-lambda';
import type { FunctionFacts, FunctionsPort } from '../functions/types.ts';
import { call } from './call.ts';
import { underneath } from './errors.ts';
import { paced, pacingOf } from './pacing.ts';
import type { AwsSession } from './session.ts';
import { traced } from './trace.ts';

/** Lambda for `lib/functions`. Aborting the signal cuts the request that is under way. */
export function lambdaPort(session: AwsSession, signal?: AbortSignal): FunctionsPort {
  const client = traced(paced(new LambdaClient(session.config), pacingOf(session, 'lambda')), session);
  const options = signal ? { abortSignal: signal } : {};

  const ask = <T>(action: string, send: () => Promise<T>) => call(session, `lambda:${action}`, send, signal);

  /** Undefined where AWS says that there is no such function, version or alias. */
  async function maybe<T>(action: string, send: () => Promise<T>): Promise<T | undefined> {
    try {
      return await ask(action, send);
    } catch (error) {
      if (underneath(error).name === 'ResourceNotFoundException') return undefined;
      throw error;
    }
  }

  return {
    async latest(FunctionName) {
      const answer = await maybe('GetFunction', () =>
        client.send(new GetFunctionCommand({ FunctionName }), options),
      );
      if (!answer) return undefined;
      const image = answer.Code?.ImageUri?.includes('@')
        ? answer.Code.ImageUri
        : answer.Code?.ResolvedImageUri;
      return facts(answer.Configuration ?? {}, image ?? answer.Code?.ImageUri);
    },

    async configuration(FunctionName, qualifier) {
      const input = { FunctionName, ...(qualifier ? { Qualifier: qualifier } : {}) };
      const answer = await maybe('GetFunctionConfiguration', () =>
        client.send(new GetFunctionConfigurationCommand(input), options),
      );
      return answer && facts(answer);
    },

    async alias(FunctionName, Name) {
      const answer = await maybe('GetAlias', () =>
        client.send(new GetAliasCommand({ FunctionName, Name }), options),
      );
      return (
        answer && {
          version: answer.FunctionVersion ?? '$LATEST',
          weights: answer.RoutingConfig?.AdditionalVersionWeights ?? {},
          revisionId: answer.RevisionId,
        }
      );
    },

    async updateCode(FunctionName, code, RevisionId) {
      const what =
        'imageUri' in code
          ? { ImageUri: code.imageUri }
          : 'bytes' in code
            ? { ZipFile: code.bytes }
            : { S3Bucket: code.bucket, S3Key: code.key };
      await ask('UpdateFunctionCode', () =>
        client.send(new UpdateFunctionCodeCommand({ FunctionName, ...what, RevisionId }), options),
      );
    },

    async publish(FunctionName, CodeSha256, Description) {
      const answer = await ask('PublishVersion', () =>
        client.send(new PublishVersionCommand({ FunctionName, CodeSha256, Description }), options),
      );
      return answer.Version ?? '';
    },

    async createAlias(FunctionName, Name, FunctionVersion) {
      await ask('CreateAlias', () =>
        client.send(new CreateAliasCommand({ FunctionName, Name, FunctionVersion }), options),
      );
    },

    async updateAlias(FunctionName, Name, FunctionVersion, RevisionId) {
      const RoutingConfig = { AdditionalVersionWeights: {} };
      await ask('UpdateAlias', () =>
        client.send(
          new UpdateAliasCommand({ FunctionName, Name, FunctionVersion, RoutingConfig, RevisionId }),
          options,
        ),
      );
    },
  };
}

function facts(c: FunctionConfiguration, imageUri?: string): FunctionFacts {
  return {
    version: c.Version ?? '$LATEST',
    codeSha256: c.CodeSha256 ?? '',
    packageType: c.PackageType ?? 'Zip',
    revisionId: c.RevisionId,
    state: c.State,
    stateReason: { code: c.StateReasonCode, text: c.StateReason },
    updateStatus: c.LastUpdateStatus,
    updateReason: { code: c.LastUpdateStatusReasonCode, text: c.LastUpdateStatusReason },
    imageUri,
    architectures: c.Architectures ?? [],
    configuration: { ...c },
  };
}
