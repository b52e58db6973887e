import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { expectTrouble, Scene, SECRETS } from '../helpers/trouble.ts';

/** Drift at the command line, on the fake AWS in real time. */

const STACK = 'shop-app-dev';
let scene: Scene;
beforeEach(async () => {
  scene = await Scene.open();
  cloud().driftMs = 50;
  expect((await scene.run(['deploy', '--create-stack'])).code).toBe(0);
});
afterEach(() => scene.close());

const cloud = () => scene.fake.state.cloudFormation;

describe('drift', () => {
  it('is none after a deploy, although infractl itself has put code into the function', async () => {
    cloud().byHand.set(`${STACK}/Function`, { properties: { Code: { S3Key: 'what infractl deployed' } } });
    const result = await scene.run(['drift', '--exit-code']);
    expect(result.code).toBe(0);
    expect(result.stdout).toContain('app    none   2 of 2 as deployed');
    expect(result.stdout).toContain('that is no drift: code is managed by infractl deploy.');
  });

  it('is shown three ways, never with a secret, and is 9 where that is asked for', async () => {
    cloud().byHand.set(`${STACK}/Topic`, { properties: { DisplayName: 'by hand' } });
    cloud().byHand.set(`${STACK}/Function`, {
      properties: { Environment: { Variables: { JWT_SECRET: 'another-secret-value', DATABASE_URL: '' } } },
    });
    const plain = await scene.run(['drift']);
    expect(plain.code).toBe(0);
    expect(plain.stdout).toMatch(/app\.Topic +DisplayName +size 1 +size 1 +by hand/);
    expect(plain.stdout).toMatch(
      /app\.Function +Environment\/Variables\/JWT_SECRET +\[secret\] +\S.* +\[secret\]/,
    );
    expect(plain.stdout).toContain('infractl deploy --revert-drift stack:app');
    const json = await scene.run(['drift', '--exit-code', '--json']);
    expect(json.code).toBe(9);
    expect(JSON.parse(json.stdout)).toMatchObject([{ stack: 'app', status: 'drifted', drifted: 2 }]);
    const all = plain.stdout + plain.stderr + json.stdout + json.stderr;
    expect(all).not.toContain('another-secret-value');
    for (const secret of Object.values(SECRETS)) expect(all).not.toContain(secret);
  });

  it('is put back by deploy --revert-drift, which says what it does', async () => {
    cloud().byHand.set(`${STACK}/Topic`, { properties: { DisplayName: 'by hand' } });
    const back = await scene.run(['deploy', '--revert-drift']);
    expect(back.code).toBe(0);
    expect(back.stderr).toContain('Topic.DisplayName: by hand → size 1');
    expect((await scene.run(['drift', '--exit-code'])).code).toBe(0);
  });

  it('says what could not be checked: 3 where others were, the failure itself where none was', async () => {
    cloud().byHand.set(`${STACK}/Topic`, { unreadable: 'Rate exceeded' });
    const unread = await scene.run(['drift', '--exit-code']);
    expect(unread.code).toBe(3);
    expect(unread.stdout).toContain('app.Topic could not be checked: Rate exceeded');
    scene.fake.faults.deny('cloudformation:DetectStackDrift');
    expectTrouble(await scene.run(['drift']), 4, 'may not do cloudformation:DetectStackDrift', /policy/);
  });

  it('of a stack that is not there, or not in infractl.yaml, says so', async () => {
    expectTrouble(
      await scene.run(['drift', 'ap']),
      2,
      'The project shop has no stack "ap"',
      /Did you mean: app/,
    );
    cloud().stack(STACK).status = 'DELETE_COMPLETE';
    expect((await scene.run(['drift'])).stdout).toContain('not deployed');
    expectTrouble(await scene.run(['drift', 'app']), 1, `The stack ${STACK} does not exist`, /create-stack/);
  });
});
