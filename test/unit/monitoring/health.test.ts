import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  certificateFinding,
  diskFindings,
  healthOf,
  healthWords,
  instanceFinding,
} from '../../../src/lib/monitoring/index.ts';

const LIMITS = { disk: 90, certificateDays: 14 };

describe('one verdict', () => {
  const verdict = fc.constantFrom('good', 'bad', 'unknown');
  const finding = fc.record({
    kind: fc.constant('alarm' as const),
    name: fc.string(),
    verdict: verdict as fc.Arbitrary<'good' | 'bad' | 'unknown'>,
    why: fc.string(),
  });

  it('is bad with one that is bad, good with none else, and hides nothing that nobody could look at', () => {
    fc.assert(
      fc.property(fc.array(finding), (findings) => {
        const has = (wanted: string) => findings.some((one) => one.verdict === wanted);
        const expected = has('bad') ? 'unhealthy' : has('unknown') ? 'unknown' : 'healthy';
        expect(healthOf(findings)).toBe(expected);
        const counted = [...healthWords(findings).matchAll(/\d+/g)].reduce((sum, [n]) => sum + Number(n), 0);
        expect(counted).toBe(findings.length);
      }),
    );
  });
});

describe('what is bad', () => {
  it('a certificate that ends soon, or is not trusted', () => {
    expect(certificateFinding('api', 13, undefined, LIMITS)).toMatchObject({
      verdict: 'bad',
      why: 'good for only 13 days',
    });
    expect(certificateFinding('api', 14, undefined, LIMITS).verdict).toBe('good');
    expect(certificateFinding('api', 80, 'it is self-signed', LIMITS)).toMatchObject({
      verdict: 'bad',
      why: 'it is self-signed',
    });
  });

  it('a disk at its limit', () => {
    const reading = {
      cpuPercent: 1,
      cores: 1,
      load: [],
      memory: { used: 1, total: 2 },
      uptimeSeconds: 1,
      disks: [
        { path: '/', used: 90, total: 100 },
        { path: '/srv', used: 89, total: 100 },
        { path: '/none', used: 0, total: 0 },
      ],
    };
    expect(diskFindings('web', reading, LIMITS)).toMatchObject([
      { name: 'web:/', verdict: 'bad', why: '90 % in use, the limit is 90 %' },
      { name: 'web:/srv', verdict: 'good' },
      { name: 'web:/none', verdict: 'good' },
    ]);
  });

  it('an impaired instance; one without an answer is not known, a stopped one no trouble', () => {
    const of = (system: string, instance: string) => instanceFinding('i', { system, instance }).verdict;
    expect(of('ok', 'impaired')).toBe('bad');
    expect(of('insufficient-data', 'ok')).toBe('unknown');
    expect(of('not-applicable', 'not-applicable')).toBe('good');
  });
});
