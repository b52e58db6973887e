import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ESCAPES } from '../helpers/cli.ts';
import { Scene, TEMPLATE } from '../helpers/trouble.ts';

/** What the project costs, told by the built command on the fake AWS. */

let scene: Scene;
beforeEach(async () => {
  scene = await Scene.open();
});
afterEach(() => scene.close());

const TAGS = { 'infractl:project': 'shop', 'infractl:environment': 'dev', 'infractl:part': 'app' };
const questions = () => scene.fake.requests.filter(({ action }) => action === 'GetCostAndUsage');

/** So much of a service in each of the last two full months, of the project's tags. */
function billed(service: string, usd: number): void {
  const { costs, activeTags } = scene.fake.state.costExplorer;
  const now = new Date();
  for (const back of [1, 2]) {
    const middle = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - back, 15));
    costs.push({ day: middle.toISOString().slice(0, 10), service, tags: TAGS, usd });
  }
  for (const tag of Object.keys(TAGS)) activeTags.add(tag);
}

const withoutCredentials = {
  AWS_ACCESS_KEY_ID: undefined,
  AWS_SECRET_ACCESS_KEY: undefined,
  AWS_EC2_METADATA_DISABLED: 'true',
};

describe('costs', () => {
  it('need no credentials and call nothing', async () => {
    const result = await scene.run(['costs'], { env: withoutCredentials });
    expect(result).toMatchObject({ code: 0 });
    expect(result.stdout).toMatch(/^Function +requests .*\$0\.20 \/ 1M requests +\[\d\]$/m);
    expect(result.stdout).toMatch(/^A month: \$\d+\.\d\d at typical use, /m);
    expect(result.stdout).not.toMatch(ESCAPES);
    expect(scene.fake.requests).toEqual([]);
  });

  it('of a change are told by diff, by a dry run and by the deploy before AWS begins', async () => {
    await scene.deployed();
    const gateway = '  Door: { Type: AWS::EC2::NatGateway }\n';
    scene.configure({ template: TEMPLATE.replace('Outputs:', `${gateway}Outputs:`) });
    const line = 'A month on AWS: +$37.00 (';
    const diff = await scene.run(['diff']);
    expect(diff.stdout).toContain(line);
    const dry = await scene.run(['deploy', '--create-stack', '--dry-run']);
    expect(dry.stdout).toContain(line);
    const done = await scene.run(['deploy', '--create-stack']);
    expect(done.stderr).toContain('stack app, a month: +$37.00 (');
    const same = await scene.run(['diff']);
    expect(same.stdout).not.toContain('A month');
    expect(scene.fake.requests.filter(({ service }) => service === 'pricing' || service === 'ce')).toEqual(
      [],
    );
  });
});

describe('costs actual', () => {
  it('in China is in yuan, without an estimate in dollars beside it; in GovCloud it is none', async () => {
    billed('AWS Lambda', 1234.5);
    scene.fake.state.costExplorer.currency = 'CNY';
    const china = await scene.run(['costs', 'actual', '--yes', '--region', 'cn-north-1']);
    expect(china.stdout).toMatch(/^AWS Lambda .*CNY 1,234\.50/m);
    expect(china.stdout).not.toContain('beside the estimate');
    const gov = await scene.run(['costs', 'actual', '--json', '--region', 'us-gov-west-1']);
    expect(JSON.parse(gov.stdout)).toMatchObject({ error: { code: 'NoBillHere', exit: 1 } });
    expect(questions()).toHaveLength(1);
  });

  it('asks for nothing that costs until that is agreed to, then once a day', async () => {
    billed('AWS Lambda', 1.25);
    const unasked = await scene.run(['costs', 'actual']);
    expect(unasked).toMatchObject({ code: 2, stdout: '' });
    expect(unasked.stderr).toContain('Give --yes.');
    expect(unasked.stderr).toContain('$0.01');
    expect(questions()).toEqual([]);
    const first = await scene.run(['costs', 'actual', '--yes']);
    expect(first).toMatchObject({ code: 0 });
    expect(first.stdout).toMatch(/^AWS Lambda .*\$1\.25/m);
    const again = await scene.run(['costs', 'actual']);
    expect(again.stdout).toContain('this look was free');
    expect(questions()).toHaveLength(1);
    // Another question, agreed to for good.
    const longer = await scene.run(['costs', 'actual', '--months', '6', '--by', 'part']);
    expect(longer.stdout).toMatch(/^app .*\$1\.25/m);
    expect(questions()).toHaveLength(2);
  });

  it('says in words that Cost Explorer is off, and what to do', async () => {
    scene.fake.state.costExplorer.enabled = false;
    const off = await scene.run(['costs', 'actual', '--yes']);
    expect(off).toMatchObject({ code: 1, stdout: '' });
    expect(off.stderr).toContain('Cost Explorer is not switched on for this account.');
    expect(off.stderr).toContain('infractl costs');
  });
});
