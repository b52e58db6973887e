import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateFunctionCommand,
  InvokeCommand,
  LambdaClient,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openArtifactStore } from '../../src/lib/artifacts/index.ts';
import { zipFolder } from '../../src/lib/artifacts/zip.ts';
import { lambdaPort } from '../../src/lib/aws/lambda.ts';
import { openSession } from '../../src/lib/aws/session.ts';
import { systemClock } from '../../src/lib/base/clock.ts';
import { Redactor } from '../../src/lib/base/redact.ts';
import { silentReporter } from '../../src/lib/base/report.ts';
import { type FunctionDeps, revertAlias, updateFunction } from '../../src/lib/functions/index.ts';
import {
  finishEntry,
  listJournal,
  newJournalEntry,
  readJournal,
  writeJournal,
} from '../../src/lib/journal/index.ts';
import { useSandbox } from '../helpers/sandbox.ts';

const used = useSandbox();
let folder: string;
let client: LambdaClient;
let deps: FunctionDeps;

async function session() {
  return openSession({ region: 'eu-west-3' }, {}, used.target, {});
}

async function store() {
  const opened = await openArtifactStore(await session(), 'functions-test', { create: true });
  if (!opened) throw new Error('no artifact store');
  return opened;
}

/** The zip of a function that answers with `answer`. */
async function code(answer: string) {
  const place = join(folder, answer);
  mkdirSync(place, { recursive: true });
  const script = `exports.handler = async () => ({ answer: ${JSON.stringify(answer)}, size: process.env.SIZE });`;
  writeFileSync(join(place, 'index.js'), script);
  return zipFolder(place, {});
}

async function spec(answer: string, functionName = 'api') {
  return {
    part: 'function api',
    functionName,
    alias: 'live',
    code: { zip: await code(answer) },
    timeout: 60_000,
  };
}

async function create(name: string): Promise<void> {
  await client.send(
    new CreateFunctionCommand({
      FunctionName: name,
      Runtime: 'nodejs22.x',
      Handler: 'index.handler',
      Role: 'arn:aws:iam::000000000000:role/api',
      Code: { ZipFile: (await code('first')).bytes },
      Timeout: 10,
    }),
  );
}

/** What the alias answers: the code that runs behind it. */
async function answer(name = 'api'): Promise<unknown> {
  const { Payload } = await client.send(new InvokeCommand({ FunctionName: name, Qualifier: 'live' }));
  return JSON.parse(Buffer.from(Payload ?? []).toString() || 'null');
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'infractl-functions-'));
  const { config } = await session();
  client = new LambdaClient(config);
  deps = {
    port: lambdaPort(await session()),
    reporter: silentReporter,
    clock: systemClock,
    artifacts: store,
  };
});
afterAll(() => {
  client?.destroy();
  rmSync(folder, { recursive: true, force: true });
});

describe('a zip function that really runs', () => {
  it('is updated, published, called through its alias, and taken back', async () => {
    await create('api');
    expect(await updateFunction(deps, await spec('one'))).toMatchObject({ outcome: 'updated', version: '1' });
    expect(await answer()).toEqual({ answer: 'one' });

    expect(await updateFunction(deps, await spec('one'))).toMatchObject({
      outcome: 'unchanged',
      version: '1',
    });

    const second = await updateFunction(deps, await spec('two'));
    expect(second).toMatchObject({ outcome: 'updated', version: '2', previousVersion: '1' });
    expect(await answer()).toEqual({ answer: 'two' });

    const back = await revertAlias(deps, { functionName: 'api', alias: 'live', version: '1' });
    expect(back).toMatchObject({ outcome: 'reverted', version: '1', previousVersion: '2' });
    expect(await answer()).toEqual({ answer: 'one' });
  });

  it('goes live with settings that were changed', async () => {
    await create('settings');
    await updateFunction(deps, await spec('one', 'settings'));
    await client.send(
      new UpdateFunctionConfigurationCommand({
        FunctionName: 'settings',
        Environment: { Variables: { SIZE: '512' } },
      }),
    );
    expect(await updateFunction(deps, await spec('one', 'settings'))).toMatchObject({
      outcome: 'updated',
      previousVersion: '1',
    });
    expect(await answer('settings')).toEqual({ answer: 'one', size: '512' });
  });

  it('says that a function is missing', async () => {
    await expect(updateFunction(deps, await spec('one', 'nobody'))).rejects.toMatchObject({
      code: 'FunctionNotFound',
    });
  });
});

describe('the journal in a real bucket', () => {
  it('is written, replaced and read back', async () => {
    const bucket = await store();
    const ids: string[] = [];
    for (const startedAt of [1_767_600_000_000, 1_767_600_001_000]) {
      const entry = newJournalEntry({
        project: 'functions-test',
        environment: 'dev',
        command: 'deploy',
        who: 'arn',
        host: 'h',
        user: 'u',
        startedAt,
        version: '0',
      });
      ids.unshift(entry.id);
      await writeJournal(bucket, entry, new Redactor());
      await writeJournal(
        bucket,
        finishEntry(entry, { now: startedAt + 5, result: 'succeeded', parts: [] }),
        new Redactor(),
      );
    }
    const listed = await listJournal(bucket, 'dev', 10);
    expect(listed.map(({ id, result }) => [id, result])).toEqual(ids.map((id) => [id, 'succeeded']));
    expect(await readJournal(bucket, 'dev', ids[0] ?? '')).toEqual(listed[0]);
  });
});
