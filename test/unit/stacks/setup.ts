import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openArtifactStore } from '../../../src/lib/artifacts/index.ts';
import { cloudFormation } from '../../../src/lib/aws/cloudformation.ts';
import { Pacer } from '../../../src/lib/aws/pacing.ts';
import { type AwsSession, openSession } from '../../../src/lib/aws/session.ts';
import type { ReportEvent } from '../../../src/lib/base/report.ts';
import { PROJECT_TAG, type StackDeps, type StackSpec } from '../../../src/lib/stacks/index.ts';
import { type Fake, startFake } from '../../fake/server.ts';

export interface World {
  readonly fake: Fake;
  readonly session: AwsSession;
  readonly deps: StackDeps;
  readonly pacer: Pacer;
  readonly folder: string;
  /** Everything that was reported. */
  readonly reported: ReportEvent[];
  /** Writes a template into the folder and gives a stack of it. */
  spec(template: object | string, more?: Partial<StackSpec>): Promise<StackSpec>;
  /** The names of the CloudFormation actions since the last look. */
  actions(): string[];
  close(): Promise<void>;
}

/** The real SDK clients on a fake AWS, whose clock is also the engine's. */
export async function world(): Promise<World> {
  const fake = await startFake();
  const folder = await mkdtemp(join(tmpdir(), 'infractl-stacks-'));
  const opened = await openSession(
    {},
    {},
    { endpoint: fake.url, credentials: { accessKeyId: 'AKIDFAKE', secretAccessKey: 'fake' } },
    { AWS_REGION: 'eu-west-3' },
  );
  // The SDK's own tries wait in real time; what is tested here is what the engine does after them.
  const session = { ...opened, sandbox: false, config: { ...opened.config, maxAttempts: 1 } };
  Object.defineProperty(session, 'identity', { value: () => opened.identity() });
  const pacer = new Pacer(fake.clock);
  const reported: ReportEvent[] = [];
  const deps: StackDeps = {
    port: cloudFormation(session, pacer),
    artifacts: async () => {
      const store = await openArtifactStore(session, 'shop', { create: true });
      if (!store) throw new Error('no store');
      return store;
    },
    existingArtifacts: () => openArtifactStore(session, 'shop', { create: false }),
    reporter: { emit: (event) => void reported.push(event) },
    clock: fake.clock,
  };
  let files = 0;
  return {
    fake,
    session,
    deps,
    pacer,
    folder,
    reported,
    async spec(template, more = {}) {
      const file = join(folder, `template-${++files}.yaml`);
      await writeFile(file, typeof template === 'string' ? template : JSON.stringify(template, null, 2));
      return {
        part: 'stack app',
        stackName: 'app',
        templateFile: file,
        parameters: {},
        tags: { [PROJECT_TAG]: 'shop' },
        terminationProtection: false,
        timeout: 3_600_000,
        ...more,
      };
    },
    actions: () =>
      fake
        .actions()
        .filter((action) => action.startsWith('cloudformation:'))
        .map((action) => action.slice('cloudformation:'.length)),
    async close() {
      await fake.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** `Resources` of `Fake::Thing`s by name and properties. */
export function things(resources: Readonly<Record<string, object>>, rest: object = {}): object {
  return {
    ...rest,
    Resources: Object.fromEntries(
      Object.entries(resources).map(([id, Properties]) => [id, { Type: 'Fake::Thing', Properties }]),
    ),
  };
}

/** What a promise was rejected with. */
export async function rejection<T extends Error = Error & Record<string, unknown>>(
  promise: Promise<unknown>,
): Promise<T> {
  try {
    await promise;
  } catch (error) {
    return error as T;
  }
  throw new Error('it was not rejected');
}

/** Begins a creation or an update as somebody else would, and leaves it running. */
export async function begin(w: World, template: object, type: 'CREATE' | 'UPDATE'): Promise<string> {
  const { id, stackId } = await w.deps.port.createChangeSet({
    stackName: 'app',
    name: `other-${w.fake.requests.length}`,
    type,
    template: { body: JSON.stringify(template) },
    parameters: {},
    tags: { [PROJECT_TAG]: 'shop' },
    capabilities: [],
    token: `other-${w.fake.requests.length}`,
  });
  await w.fake.clock.sleep(1000);
  await w.deps.port.executeChangeSet(id, `run-${w.fake.requests.length}`);
  return stackId;
}
