import {
  type FunctionConfiguration,
  GetFunctionCommand,
  LambdaClient,
  ListFunctionsCommand,
  ListVersionsByFunctionCommand,
} from '@aws-sdk/client-lambda';
import { call } from './call.ts';
import { underneath } from './errors.ts';
import type { AwsSession } from './session.ts';
import { traced } from './trace.ts';

/** A version of a function, `$LATEST` included, and what its code is. */
export interface RunningVersion {
  readonly functionName: string;
  readonly version: string;
  /** The digest of an image in hex, or the hash of an archive in base64. */
  readonly codeSha256: string;
  /** Where an image came from, by digest. */
  readonly imageUri?: string;
}

/**
 * Every version of every function of the account and region, whoever made it: ListFunctions, and GetFunction
 * for those that run an image.
 */
export async function runningVersions(session: AwsSession): Promise<RunningVersion[]> {
  const client = traced(new LambdaClient(session.config), session);
  const found: RunningVersion[] = [];
  let page: string | undefined;
  do {
    const Marker = page;
    const answer = await call(session, 'lambda:ListFunctions', () =>
      client.send(new ListFunctionsCommand({ FunctionVersion: 'ALL', Marker })),
    );
    await add(answer.Functions ?? []);
    page = answer.NextMarker;
  } while (page);
  // A list without any published version may be one that leaves them out: nothing may rest on that.
  if (found.every(({ version }) => version === '$LATEST'))
    for (const { functionName } of [...found]) await addVersions(functionName);
  return found;

  async function add(versions: readonly FunctionConfiguration[]): Promise<void> {
    for (const one of versions) {
      const { FunctionName = '', Version = '$LATEST', CodeSha256 = '', PackageType } = one;
      const imageUri = PackageType === 'Image' ? await imageOf(FunctionName, Version) : undefined;
      found.push({
        functionName: FunctionName,
        version: Version,
        codeSha256: CodeSha256,
        ...(imageUri ? { imageUri } : {}),
      });
    }
  }

  async function addVersions(FunctionName: string): Promise<void> {
    let next: string | undefined;
    do {
      const Marker = next;
      const answer = await call(session, 'lambda:ListVersionsByFunction', () =>
        client.send(new ListVersionsByFunctionCommand({ FunctionName, Marker })),
      );
      await add((answer.Versions ?? []).filter(({ Version }) => Version !== '$LATEST'));
      next = answer.NextMarker;
    } while (next);
  }

  /** Undefined where it was deleted in this moment. */
  async function imageOf(FunctionName: string, Qualifier: string): Promise<string | undefined> {
    try {
      const { Code } = await call(session, 'lambda:GetFunction', () =>
        client.send(new GetFunctionCommand({ FunctionName, Qualifier })),
      );
      return `${Code?.ImageUri ?? ''} ${Code?.ResolvedImageUri ?? ''}`;
    } catch (error) {
      if (underneath(error).name === 'ResourceNotFoundException') return undefined;
      throw error;
    }
  }
}
