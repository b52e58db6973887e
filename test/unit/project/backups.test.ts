import { describe, expect, it } from 'vitest';
import { effectiveConfiguration } from '../../../src/lib/project/show.ts';
import { load } from './folder.ts';

const STACK = 'stacks:\n  app: { template: infra/template.yaml }\nhosts:\n  web: { address: h }\n';
const wanted = (plan: string) => `project: mbot\n${STACK}backups:\n  nightly: ${plan}\n`;

async function problems(plan: string): Promise<string> {
  return load(wanted(plan)).then(
    () => '',
    (error: Error & { why?: string }) => `${error.message}\n${error.why ?? ''}`,
  );
}

describe('the plans of backups of a project', () => {
  it('need no more than a target: seven days, encrypted, one in six hours', async () => {
    const { project } = await load(wanted('{ targets: [{ host: web }] }'));
    expect(project.backups.get('nightly')).toEqual({
      name: 'nightly',
      targets: [{ host: 'web' }],
      policy: { within: { ms: 7 * 86_400_000, written: '7d' } },
      before: [],
      after: [],
      excludeBoot: false,
      encrypt: {},
      copies: [],
      window: 6 * 3_600_000,
      maxAge: 26 * 3_600_000,
      maxDelete: 50,
    });
  });

  it('are shown as a configuration that gives the same', async () => {
    const { project } = await load(
      wanted(
        '{ targets: [{ instance: { output: app.Id } }, { tags: { Role: db }, of: volumes }, { database: shop }], ' +
          'keep: { daily: 7, within: 1y6mo, timeZone: Europe/Paris }, maxAge: 2h, encrypt: { key: alias/b }, ' +
          'copies: [{ region: eu-west-1 }, { account: "012345678901" }], ping: { env: PING } }',
      ),
    );
    const { environment: _, protected: __, ...shown } = effectiveConfiguration(project, { env: {} });
    const again = await load(JSON.stringify(shown));
    expect(again.project.backups).toEqual(project.backups);
  });

  it.each([
    ['no target', '{ targets: [] }', 'at least one target'],
    ['a target that is none', '{ targets: [{}] }', 'does not say what to back up'],
    ['two targets in one', '{ targets: [{ host: web, volume: vol-0123456789 }] }', 'found one way'],
    ['tags that find everything', '{ targets: [{ tags: {} }] }', 'would find everything'],
    ['a host that is not there', '{ targets: [{ host: wed }] }', 'did you mean "web"?'],
    ['a stack that is not there', '{ targets: [{ instance: { output: ap.Id } }] }', 'did you mean "app"?'],
    ['commands without a host', '{ targets: [{ database: shop }], before: [sync] }', 'is no host'],
    ['no rule', '{ targets: [{ host: web }], keep: {} }', 'would keep nothing'],
    ['rules of zero', '{ targets: [{ host: web }], keep: { daily: 0 } }', 'would keep nothing'],
    ['a span of nothing', '{ targets: [{ host: web }], keep: { within: 0d } }', 'would keep nothing'],
    ['a negative rule', '{ targets: [{ host: web }], keep: { daily: -1 } }', 'must not be negative'],
    ['minutes', '{ targets: [{ host: web }], keep: { within: 90m } }', 'a span such as 7d'],
    ['no time zone', '{ targets: [{ host: web }], keep: { daily: 1, timeZone: Paris } }', 'a time zone'],
    ['a copy to nowhere', '{ targets: [{ host: web }], copies: [{}] }', 'must be { region'],
    ['a misspelt key', '{ targets: [{ host: web }], keeps: { daily: 7 } }', 'did you mean "keep"?'],
  ])('are refused with %s', async (_, plan, says) => {
    expect(await problems(plan)).toContain(says);
  });
});
