import { readFileSync } from 'node:fs';
import path from 'node:path';
import { filesIn } from '../../scripts/docs/blocks.ts';
import type { Session, Stage } from '../../scripts/docs/stage.ts';
import { Hold } from '../../test/fake/hold.ts';
import type { Fake } from '../../test/fake/server.ts';
import { root } from '../../test/helpers/cli.ts';
import { until } from '../../test/helpers/until.ts';

/** What the sandbox does not do with `shop`: drift that is put back, a network that is gone. */
export const session: Session = {
  place: 'the fake AWS of the tests',
  makes: ['revert-drift', 'no-network'],
  async play(stage) {
    const fake = await stage.fake();
    for (const [name, text] of filesIn(readFileSync(path.join(root, 'README.md'), 'utf8')))
      stage.put(name, text);
    await stage.run('infractl deploy --create-stack');
    await reverted(stage, fake);
    await cutOff(stage, fake);
  },
};

async function reverted(stage: Stage, fake: Fake): Promise<void> {
  const { cloudFormation } = fake.state;
  cloudFormation.driftMs = 100;
  cloudFormation.byHand.set('shop-data-dev/Orders', { properties: { VisibilityTimeout: 99 } });
  cloudFormation.byHand.set('shop-data-dev/Table', { deleted: true });
  await stage.shows('revert-drift', {
    line: 'infractl deploy --revert-drift stack:data',
    only: [/^[^ ]/, /→/],
  });
}

/** Nobody answers for longer than a look that fails is kept quiet. */
async function cutOff(stage: Stage, fake: Fake): Promise<void> {
  const hold = new Hold();
  fake.state.cloudFormation.script.set('Orders', { ms: hold });
  stage.change('data.yaml', 'VisibilityTimeout: 30', 'VisibilityTimeout: 50');
  const line = 'infractl deploy --create-stack data';
  const deploy = stage.start(line);
  await until(() => hold.holds);
  await until(() => deploy.output().includes('Orders'));
  fake.faults.add('cloudformation:Describe*', { kind: 'reset' }, { times: Number.MAX_SAFE_INTEGER });
  await until(() => deploy.output().includes('AWS does not answer'), undefined, 120_000);
  fake.faults.clear();
  hold.release();
  stage.keep('no-network', `$ ${line}\n${(await deploy.ended).text}`);
}
