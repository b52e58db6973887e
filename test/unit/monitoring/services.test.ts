import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isWell, serviceStateWords, servicesCommand, servicesOf } from '../../../src/lib/monitoring/index.ts';

const TEXT = `uptime 7200.50
--infractl unit shop
Id=shop.service
LoadState=loaded
ActiveState=active
SubState=running
UnitFileState=enabled
StateChangeTimestampMonotonic=3600500000
NRestarts=2
MemoryCurrent=1048576
Result=success
ControlGroup=/system.slice/shop.service
--infractl port 0.0.0.0:8501
--infractl port 0.0.0.0:8501
--infractl port [::]:8501
--infractl lines
2026-11-21T14:00:00+0000 web python3[7]: no table
--infractl unit gone
Id=gone.service
LoadState=not-found
ActiveState=inactive
SubState=dead
UnitFileState=
StateChangeTimestampMonotonic=0
NRestarts=0
MemoryCurrent=[not set]
Result=success
--infractl lines
`;

describe('services', () => {
  it('of a template unit are all its instances; none at all is one that is missing', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'infractl-services-'));
    const fake = (units: string) => {
      const show =
        'case "$1" in list-units) printf "%s" "$UNITS" ;; show) echo ActiveState=active ;; *) exit 1 ;; esac';
      writeFileSync(path.join(folder, 'systemctl'), `#!/bin/sh\n${show}\n`, { mode: 0o755 });
      const [program, ...args] = servicesCommand(['shop@*', 'nginx'], 5);
      const env = { PATH: `${folder}:${process.env.PATH}`, UNITS: units };
      return servicesOf(execFileSync(program, args, { env, encoding: 'utf8' })).map(
        ({ unit, state }) => `${unit} ${state}`,
      );
    };
    try {
      expect(fake('shop@1.service loaded active\nshop@2.service loaded failed\n')).toEqual([
        'shop@1.service active',
        'shop@2.service active',
        'nginx active',
      ]);
      expect(fake('')).toEqual(['shop@* not-found', 'nginx active']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('are told in systemd’s words, none of them twice', () => {
    const [shop, gone] = servicesOf(TEXT);
    if (!shop || !gone) throw new Error('no services');
    expect(serviceStateWords(shop)).toBe('active running');
    expect(serviceStateWords(gone)).toBe('no such unit');
    const failed = { ...shop, state: 'failed', substate: 'failed', result: 'oom-kill' };
    expect(serviceStateWords(failed)).toBe('failed (oom-kill)');
  });

  it('are read from what the host prints', () => {
    const [shop, gone] = servicesOf(TEXT);
    expect(shop).toEqual({
      unit: 'shop',
      state: 'active',
      substate: 'running',
      enabled: 'enabled',
      sinceSeconds: 3600,
      restarts: 2,
      memory: 1_048_576,
      result: 'success',
      ports: ['0.0.0.0:8501', '[::]:8501'],
      lines: ['2026-11-21T14:00:00+0000 web python3[7]: no table'],
    });
    expect(gone).toMatchObject({
      state: 'not-found',
      sinceSeconds: null,
      memory: null,
      ports: [],
      lines: [],
    });
    const uncounted = TEXT.replace('=1048576', '=18446744073709551615');
    expect(servicesOf(uncounted)[0]?.memory).toBeNull();
  });

  it('are well or not', () => {
    const [shop] = servicesOf(TEXT);
    if (!shop) throw new Error('no service');
    expect(isWell(shop)).toBe(true);
    for (const state of ['failed', 'not-found', 'activating', 'inactive'])
      expect(isWell({ ...shop, state })).toBe(false);
    expect(isWell({ ...shop, state: 'reloading' })).toBe(true);
  });

  it('whatever a host prints, it breaks nothing', () => {
    fc.assert(fc.property(fc.string(), (text) => Array.isArray(servicesOf(text))));
    fc.assert(fc.property(fc.string(), (text) => servicesOf(`--infractl unit ${text}`).length >= 1));
  });

  it('units are words of their own, whatever is in them', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (units) => {
        const [shell, , script, lines, ...rest] = servicesCommand(units, 3);
        expect([shell, lines, rest]).toEqual(['sh', '3', units]);
        expect(script).toBe(servicesCommand([], 3)[2]);
      }),
    );
  });
});
