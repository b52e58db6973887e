import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { User } from '../helpers/user.ts';

/** The blueprint mbot where no container engine answers: its host is a record, and all else is as it is. */
describe('mbot without machines', () => {
  let user: User;
  beforeAll(async () => {
    user = await new User({ INFRACTL_SANDBOX: '1' }).prepare();
    await user.does('init mbot');
    user.cd('mbot');
    await user.does(`sandbox start --no-machines --port ${await user.port()}`);
  }, 600_000);
  afterAll(() => user?.leave());

  it('is deployed, and then nothing is left to do', async () => {
    const result = await user.reads<{ parts: { outcome: string }[] }>(
      'deploy --create-stack --skip-releases',
    );
    expect(result.parts.map(({ outcome }) => outcome)).toEqual(['created']);
    expect((await user.does('deploy --create-stack --skip-releases')).stdout).toContain('Nothing to do');
  });

  it('takes another type in place, and refuses what would make the host anew', async () => {
    const file = path.join(user.cwd, 'infractl.yaml');
    const text = readFileSync(file, 'utf8');
    const [before] = await user.reads<{ id: string }[]>('manage status');
    writeFileSync(file, text.replace('InstanceType: t3.small', 'InstanceType: t3.medium'));
    // AWS says of every instance that it may be replaced then; one with a disk of EBS is not.
    await user.does('deploy --create-stack --skip-releases --allow-replacement app/Instance');
    const [after] = await user.reads<{ id: string; type: string }[]>('manage status');
    expect(after).toMatchObject({ id: before?.id, type: 't3.medium' });
    writeFileSync(file, text.replace('VolumeSize: 20', 'VolumeSize: 40'));
    const refused = await user.type('deploy --create-stack --skip-releases');
    expect(refused.code).toBe(5);
    expect(refused.stderr).toContain('Instance (AWS::EC2::Instance');
    writeFileSync(file, text);
  });

  it('is stopped, started and destroyed as a record', async () => {
    await user.does('manage stop --yes');
    expect((await user.reads<{ state: string }[]>('manage status'))[0]?.state).toBe('stopped');
    await user.does('destroy --confirm mbot-dev');
    expect(await user.reads('sandbox status')).toMatchObject({ stacks: 0 });
  });
});
