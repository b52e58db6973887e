import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Exit } from '../../../src/lib/base/errors.ts';
import { type Inventory, openDestroy } from '../../../src/lib/deploy/index.ts';
import { Deploys } from './setup.ts';

let deploys: Deploys;

const DATA = {
  Resources: {
    Files: {
      Type: 'AWS::S3::Bucket',
      Properties: { BucketName: 'shop-files', VersioningConfiguration: { Status: 'Enabled' } },
    },
    Kept: { Type: 'AWS::S3::Bucket', DeletionPolicy: 'Retain', Properties: { BucketName: 'shop-kept' } },
    Users: { Type: 'AWS::DynamoDB::Table', Properties: { TableName: 'users' } },
    Database: { Type: 'AWS::RDS::DBInstance', Properties: {} },
    Repository: { Type: 'AWS::ECR::Repository', Properties: { RepositoryName: 'shop' } },
  },
  Outputs: { Name: { Value: { Ref: 'Users' }, Export: { Name: 'shop-users' } } },
};
const APP = { Resources: { Topic: { Type: 'AWS::SNS::Topic' }, Queue: { Type: 'AWS::SQS::Queue' } } };

beforeEach(async () => {
  deploys = await Deploys.open({
    'infractl.yaml': `project: shop
region: eu-west-3
stacks:
  data: { template: data.json }
  app: { template: app.json, after: [data] }
`,
    'data.json': JSON.stringify(DATA),
    'app.json': JSON.stringify(APP),
  });
});
afterEach(() => deploys.close());

async function destroy(keep: string[] = []) {
  return openDestroy(await deploys.deps({ commandLine: 'destroy' }), await deploys.project(), { keep });
}
async function destroyed(keep: string[] = []) {
  const one = await destroy(keep);
  await one.inventory();
  return one.run();
}
const bucket = (name: string) => deploys.fake.state.s3.buckets.get(name);
const stacks = () =>
  deploys.fake.state.cloudFormation.stacks
    .filter(({ status }) => status !== 'DELETE_COMPLETE')
    .map(({ name }) => name);

/** Objects, an old version of the first, and the marker of one that was deleted. */
function fill(name: string, count: number): void {
  const made = bucket(name);
  for (let at = 0; at < count; at++)
    made?.objects.set(`file-${at}`, {
      body: Buffer.from('0123456789'),
      etag: '"e"',
      modified: 0,
      contentType: 'text/plain',
      metadata: {},
      versionId: `c${at}`,
    });
  made?.history.push(
    { key: 'file-0', versionId: 'old', size: 10, modified: 0, marker: false },
    { key: 'gone', versionId: 'mark', size: 0, modified: 0, marker: true },
  );
}

async function failure(promise: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  return promise.then(
    () => {
      throw new Error('it did not fail');
    },
    (error) => error,
  );
}

describe('before a destroy', () => {
  it('is known what goes, what holds data, what stays and what is in the way', async () => {
    await deploys.deploy();
    fill('shop-files', 3);
    fill('shop-kept', 5);
    deploys.fake.state.ecr.repositories
      .get('shop')
      ?.push({ digest: `sha256:${'a'.repeat(64)}`, tags: new Set(), pushedAt: 0, sizeInBytes: 7 });
    const before = deploys.fake.mutations().length;
    const inventory: Inventory = await (await destroy()).inventory();
    expect(deploys.fake.mutations()).toHaveLength(before);
    const data = inventory.stacks.find(({ part }) => part === 'stack data');
    expect(data?.data.map(({ logicalId }) => logicalId)).toEqual(expect.arrayContaining(['Files', 'Users']));
    expect(data?.stays.map(({ logicalId, fate }) => `${logicalId} ${fate}`).sort()).toEqual([
      'Database snapshot',
      'Kept retained',
    ]);
    expect(inventory.holdings).toEqual([
      { part: 'stack data', kind: 'bucket', name: 'shop-files', count: 5, size: 40, more: false },
      { part: 'stack data', kind: 'repository', name: 'shop', count: 1, size: 7, more: false },
    ]);
  });

  it('protection refuses all of it before anything is deleted, and --keep goes round it', async () => {
    await deploys.deploy();
    const stack = deploys.fake.state.cloudFormation.stack('shop-data-dev');
    stack.protection = true;
    const error = await failure((await destroy()).inventory());
    expect(error).toMatchObject({ code: 'StackProtected', exit: Exit.declined });
    expect(String(error.suggestions)).toContain('--keep stack:data');
    expect(stacks()).toHaveLength(2);
    const result = await destroyed(['data']);
    expect(stacks()).toEqual(['shop-data-dev']);
    expect(result.stays[0]).toBe('the stack shop-data-dev: kept');
  });

  it('an import by a stack that stays refuses it, naming both', async () => {
    await deploys.deploy();
    deploys.put(
      'infractl.yaml',
      'project: other\nregion: eu-west-3\nstacks: { user: { template: user.json } }\n',
    );
    deploys.put(
      'user.json',
      JSON.stringify({
        Resources: {
          A: { Type: 'AWS::SNS::Topic', Properties: { DisplayName: { 'Fn::ImportValue': 'shop-users' } } },
        },
      }),
    );
    await deploys.deploy();
    deploys.put(
      'infractl.yaml',
      'project: shop\nregion: eu-west-3\nstacks: { data: { template: data.json }, app: { template: app.json, after: [data] } }\n',
    );
    const error = await failure((await destroy()).inventory());
    expect(error).toMatchObject({ code: 'ExportInUse', exit: Exit.declined });
    expect(error.why).toBe('other-user-dev imports shop-users of shop-data-dev.');
    expect(stacks()).toHaveLength(3);
  });

  it('a bucket of another account is neither counted nor emptied', async () => {
    await deploys.deploy();
    fill('shop-files', 3);
    const made = bucket('shop-files');
    if (made) deploys.fake.state.s3.buckets.set('shop-files', { ...made, owner: '210987654321' });
    const inventory = await (await destroy()).inventory();
    expect(inventory.holdings).toEqual([]);
    await failure(destroyed());
    expect(bucket('shop-files')?.objects.size).toBe(3);
  });
});

describe('a destroy', () => {
  it('empties what is in the way with all versions, leaves what stays, and says so', async () => {
    await deploys.deploy();
    fill('shop-files', 2500);
    fill('shop-kept', 2);
    deploys.fake.state.ecr.repositories
      .get('shop')
      ?.push({ digest: `sha256:${'a'.repeat(64)}`, tags: new Set(), pushedAt: 0, sizeInBytes: 7 });
    const result = await destroyed();
    expect(stacks()).toEqual([]);
    expect(bucket('shop-files')).toBeUndefined();
    expect(bucket('shop-kept')?.objects.size).toBe(2);
    expect(deploys.fake.requests.filter(({ action }) => action === 'DeleteObjects')).toHaveLength(3);
    expect(result.stays).toEqual([
      'Kept (AWS::S3::Bucket shop-kept): its DeletionPolicy is Retain',
      expect.stringMatching(/^a snapshot of Database \(AWS::RDS::DBInstance /),
      expect.stringContaining('the bucket infractl-shop-'),
    ]);
    expect(deploys.journal().at(-1)).toMatchObject({ command: 'destroy', result: 'succeeded' });
  });

  it('killed while it empties goes on when it is run again', async () => {
    await deploys.deploy();
    fill('shop-files', 2500);
    const controller = new AbortController();
    const deps = await deploys.deps({
      commandLine: 'destroy',
      signal: controller.signal,
      reporter: {
        emit: (event) =>
          event.type === 'part.status' && event.status.startsWith('emptying') && controller.abort(),
      },
    });
    const one = await openDestroy(deps, await deploys.project(), { keep: [] });
    await one.inventory();
    expect(await failure(one.run())).toMatchObject({ exit: Exit.interrupted });
    expect(bucket('shop-files')?.objects.size).toBeGreaterThan(0);
    expect(bucket('shop-files')?.objects.size).toBeLessThan(2500);
    await destroyed();
    expect(stacks()).toEqual([]);
  });

  it.each([
    [
      'throttled',
      { kind: 'error', code: 'SlowDown', message: 'Please reduce your request rate.', status: 503 },
    ],
    ['cut off', { kind: 'reset' }],
  ] as const)('%s for a while comes to its end', async (_, fault) => {
    await deploys.deploy();
    fill('shop-files', 20);
    deploys.fake.faults.add('s3:DeleteObjects', fault, { times: 3 });
    deploys.fake.faults.add('s3:ListObjectVersions', fault, { times: 2, after: 1 });
    await destroyed();
    expect(stacks()).toEqual([]);
  });

  it('deletes nothing of anything while AWS works on one of the stacks', async () => {
    await deploys.deploy();
    fill('shop-files', 3);
    const image = {
      digest: `sha256:${'a'.repeat(64)}`,
      tags: new Set<string>(),
      pushedAt: 0,
      sizeInBytes: 7,
    };
    deploys.fake.state.ecr.repositories.get('shop')?.push(image);
    const one = await destroy();
    await one.inventory();
    deploys.fake.state.cloudFormation.stack('shop-data-dev').status = 'UPDATE_IN_PROGRESS';
    expect(await failure(one.run())).toMatchObject({ code: 'StackBusy', exit: Exit.busy });
    expect(bucket('shop-files')?.objects.size).toBe(3);
    expect(deploys.fake.state.ecr.repositories.get('shop')).toHaveLength(1);
    expect(stacks()).toHaveLength(2);
  });

  it('meets an object lock: says which, deletes no stack of it, and the others are gone', async () => {
    await deploys.deploy();
    fill('shop-files', 3);
    const locked = bucket('shop-files')?.history[0];
    if (locked) locked.locked = true;
    const error = await failure(destroyed());
    expect(error).toMatchObject({ code: 'BucketNotEmptied' });
    expect(error.why).toContain('file-0: Access Denied because object protected by object lock.');
    expect(stacks()).toEqual(['shop-data-dev']);
  });

  it('that failed at a resource can leave it behind; one that did not fail there cannot', async () => {
    await deploys.deploy();
    expect(await failure((await destroy(['Users'])).inventory())).toMatchObject({
      code: 'KeepNeedsPolicy',
      exit: Exit.usage,
    });
    deploys.fake.state.cloudFormation.script.set('Users', { on: ['delete'], fail: 'it is locked', times: 9 });
    const error = await failure(destroyed());
    expect(String(error.suggestions)).toContain('infractl destroy --keep Users');
    expect(deploys.fake.state.cloudFormation.find('shop-data-dev')?.status).toBe('DELETE_FAILED');
    const result = await destroyed(['Users']);
    expect(stacks()).toEqual([]);
    expect(result.stays.join()).toContain('Users (AWS::DynamoDB::Table users): kept');
  });

  it.each(['Files', 'Repository'])('leaves %s behind with all that is in it', async (name) => {
    await deploys.deploy();
    const script = { on: ['delete'], fail: 'somebody fills it all the time', times: 1 } as const;
    deploys.fake.state.cloudFormation.script.set(name, script);
    await failure(destroyed());
    const { repositories } = deploys.fake.state.ecr;
    const image = {
      digest: `sha256:${'a'.repeat(64)}`,
      tags: new Set<string>(),
      pushedAt: 0,
      sizeInBytes: 7,
    };
    fill('shop-files', 3);
    repositories.get('shop')?.push(image);
    const one = await destroy([name]);
    const { holdings, stacks: going } = await one.inventory();
    expect(holdings).toEqual([]);
    expect(going[0]?.data.map(({ logicalId }) => logicalId)).not.toContain(name);
    const result = await one.run();
    expect(stacks()).toEqual([]);
    expect(result.stays.join()).toMatch(new RegExp(`${name} \\(AWS::.*\\): kept`));
    if (name === 'Files') expect(bucket('shop-files')?.objects.size).toBe(3);
    else expect(repositories.get('shop')).toEqual([image]);
  });

  it('keeps a part with all that it needs, and knows a word that means nothing', async () => {
    await deploys.deploy();
    const inventory = await (await destroy(['stack:app'])).inventory();
    expect(inventory.kept.toSorted()).toEqual(['stack app', 'stack data']);
    expect(inventory.stacks).toEqual([]);
    expect(await failure((await destroy(['nothing'])).inventory())).toMatchObject({
      code: 'NoSuchPart',
      exit: Exit.usage,
    });
  });
});

describe('a destroy that somebody thought about while somebody else deployed', () => {
  const more = {
    ...APP.Resources,
    Letters: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'letters' } },
  };
  async function shown(agreed?: (inventory: Inventory) => boolean) {
    const project = await deploys.project();
    const order = { keep: [], ...(agreed ? { agreed } : {}) };
    const one = await openDestroy(await deploys.deps({ commandLine: 'destroy' }), project, order);
    await one.inventory();
    return one;
  }

  it('deletes nothing that was not shown, and nothing else either: exit 6', async () => {
    await deploys.deploy();
    const one = await shown();
    deploys.put('app.json', JSON.stringify({ Resources: more }));
    await deploys.deploy();
    const error = await failure(one.run());
    expect(error).toMatchObject({ code: 'ChangedMeanwhile', exit: Exit.busy });
    expect(error.why).toContain('Letters (AWS::S3::Bucket letters) of shop-app-dev');
    expect(stacks()).toEqual(['shop-data-dev', 'shop-app-dev']);
    expect(deploys.journal().at(-1)).toMatchObject({ command: 'deploy' });
  });

  it('goes on where all was agreed to beforehand: with what is there now', async () => {
    await deploys.deploy({ parts: [{ kind: 'stack', name: 'data' }] });
    const one = await shown(() => true);
    await deploys.deploy();
    await one.run();
    expect(stacks()).toEqual([]);
  });

  it('goes on where nothing more goes, by whom it may have been', async () => {
    await deploys.deploy();
    const one = await shown();
    deploys.put('app.json', JSON.stringify({ Resources: { Topic: APP.Resources.Topic } }));
    await deploys.deploy({ allowReplacement: ['app/Queue'] });
    await one.run();
    expect(stacks()).toEqual([]);
  });
});
