import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  judgeAccount,
  judgeClock,
  judgeCredentials,
  judgeDisk,
  judgeNode,
  judgePermissions,
  judgeTool,
  neededActions,
  principalOf,
} from '../../../src/lib/doctor/index.ts';

const MINUTE = 60_000;

describe('the machine', () => {
  it('a Node that is too old, one without long support, one that is well', () => {
    expect(judgeNode('22.17.0', [22, 18])).toMatchObject({ verdict: 'bad' });
    expect(judgeNode('20.99.0', [22, 18])).toMatchObject({ verdict: 'bad' });
    expect(judgeNode('23.1.0', [22, 18])).toMatchObject({
      verdict: 'warning',
      mend: ['An LTS version is quieter: npm install --global node@24'],
    });
    expect(judgeNode('24.0.0', [22, 18])).toEqual({ verdict: 'good', said: 'Node 24.0.0' });
  });

  it('a program that is missing matters where something needs it', () => {
    expect(judgeTool('ssh', 'OpenSSH_9', 'the hosts', [])).toEqual({ verdict: 'good', said: 'OpenSSH_9' });
    expect(judgeTool('ssh', undefined, 'the hosts', ['install it'])).toEqual({
      verdict: 'bad',
      said: 'ssh is not installed, and the hosts need it',
      mend: ['install it'],
    });
    expect(judgeTool('ssh', undefined, undefined, ['install it']).verdict).toBe('skipped');
  });

  it('the fullest disk counts', () => {
    const gib = 1024 ** 3;
    expect(
      judgeDisk(
        new Map([
          ['/a', 9 * gib],
          ['/b', 2 * gib],
        ]),
      ),
    ).toMatchObject({ verdict: 'good' });
    expect(
      judgeDisk(
        new Map([
          ['/a', 9 * gib],
          ['/b', gib / 2],
        ]),
      ),
    ).toMatchObject({
      verdict: 'warning',
      said: 'only 512 MiB free for /b',
    });
    expect(judgeDisk(new Map([['/a', 0]]))).toMatchObject({ verdict: 'bad' });
  });
});

describe('AWS', () => {
  it('a clock that is off, either way', () => {
    fc.assert(
      fc.property(fc.integer({ min: -10 * 3_600_000, max: 10 * 3_600_000 }), (ahead) => {
        const off = Math.abs(ahead);
        const verdict = off < MINUTE ? 'good' : off < 4 * MINUTE ? 'warning' : 'bad';
        const judged = judgeClock(ahead);
        expect(judged.verdict).toBe(verdict);
        if (verdict !== 'good') expect(judged.said).toContain(ahead > 0 ? 'ahead of AWS' : 'behind AWS');
      }),
    );
  });

  it('credentials without an end, with one, near it, past it; and the root user', () => {
    const arn = 'arn:aws:sts::123456789012:assumed-role/dev/me';
    expect(judgeCredentials(arn, undefined, 0).verdict).toBe('good');
    expect(judgeCredentials(arn, 60 * MINUTE, 0)).toEqual({
      verdict: 'good',
      said: `${arn}, for 1 h 00 min more`,
    });
    expect(judgeCredentials(arn, 29 * MINUTE, 0).verdict).toBe('warning');
    expect(judgeCredentials(arn, 0, 1)).toMatchObject({ verdict: 'bad', said: `${arn}, expired` });
    expect(judgeCredentials('arn:aws:iam::123456789012:root', undefined, 0).verdict).toBe('warning');
  });

  it('the wrong account', () => {
    expect(judgeAccount('1', undefined, 'dev')).toEqual({ verdict: 'good', said: '1' });
    expect(judgeAccount('1', '1', 'prod')).toEqual({ verdict: 'good', said: '1, as prod must be' });
    expect(judgeAccount('1', '2', 'prod')).toMatchObject({ verdict: 'bad', said: '1, but prod is in 2' });
  });

  it('what is forbidden outweighs what may be allowed elsewhere', () => {
    const none = new Map([['a:B', 'implicitDeny' as const]]);
    expect(judgePermissions(none)).toMatchObject({
      verdict: 'warning',
      said: 'not allowed on every resource: a:B',
    });
    expect(judgePermissions(new Map([...none, ['c:D', 'explicitDeny' as const]]))).toMatchObject({
      verdict: 'bad',
      said: 'forbidden: c:D',
    });
    expect(judgePermissions(new Map([['a:B', 'allowed' as const]])).verdict).toBe('good');
  });

  it('asks for what the parts of a project need', () => {
    const parts = (...names: string[]) => new Map(names.map((name) => [name, {} as never]));
    const project = {
      stacks: parts(),
      images: parts(),
      functions: parts(),
      sites: parts(),
      hosts: parts(),
      backups: parts(),
    };
    expect(neededActions(project)).toEqual([]);
    const actions = neededActions({ ...project, stacks: parts('app'), functions: parts('api') });
    expect(actions).toContain('cloudformation:ExecuteChangeSet');
    expect(actions).toContain('lambda:UpdateAlias');
    expect(actions).not.toContain('ecr:PutImage');
    expect(actions).toEqual([...new Set(actions)].sort());
  });

  it.each([
    ['arn:aws:iam::1:user/team/dev', { user: 'arn:aws:iam::1:user/team/dev' }],
    ['arn:aws:sts::1:assumed-role/deploy/me', { role: 'deploy' }],
    ['arn:aws-cn:sts::1:assumed-role/deploy/me', { role: 'deploy' }],
    ['arn:aws:iam::1:root', undefined],
    ['arn:aws:sts::1:federated-user/me', undefined],
  ])('%s is asked about as %j', (arn, principal) => expect(principalOf(arn)).toEqual(principal));
});
