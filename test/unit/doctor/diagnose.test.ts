import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/lib/base/errors.ts';
import { diagnose } from '../../../src/lib/desks/index.ts';
import { neededActions } from '../../../src/lib/doctor/index.ts';
import { loadProject } from '../../../src/lib/project/index.ts';
import { realClock } from '../../fake/clock.ts';
import { type Fake, startFake } from '../../fake/server.ts';
import { sessionFor } from '../../fake/session.ts';

/** All checkups side by side, against the fake AWS and the programs of this machine. */

let fake: Fake;
let folder: string;
beforeEach(async () => {
  fake = await startFake({ clock: realClock() });
  folder = mkdtempSync(path.join(tmpdir(), 'infractl-doctor-'));
  writeFileSync(
    path.join(folder, 'infractl.yaml'),
    'project: shop\nregion: eu-west-3\naccount: "123456789012"\nstacks: { app: { template: t.yaml } }\n',
  );
  writeFileSync(path.join(folder, 't.yaml'), 'Resources: { Topic: { Type: AWS::SNS::Topic } }\n');
});
afterEach(async () => {
  await fake.close();
  rmSync(folder, { recursive: true, force: true });
});

async function look(options: { env?: NodeJS.ProcessEnv; session?: () => Promise<never> } = {}) {
  const env = { PATH: process.env.PATH, HOME: folder, XDG_DATA_HOME: folder, ...options.env };
  const checkups = await diagnose({
    env,
    cwd: folder,
    environment: undefined,
    clock: fake.clock,
    signal: new AbortController().signal,
    project: async () => (await loadProject({ cwd: folder, env, checkFiles: false })).project,
    session: options.session ?? (() => sessionFor(fake)),
  });
  return Object.fromEntries(checkups.map((one) => [one.name, one]));
}

const project = async () => (await loadProject({ cwd: folder, env: {} })).project;

describe('doctor', () => {
  it('asks IAM for all that the project needs, over its pages', async () => {
    const allow = neededActions(await project());
    fake.state.iam.policies.set(fake.state.arn, { allow });
    const seen = await look();
    expect(seen.permissions).toMatchObject({
      verdict: 'good',
      said: expect.stringContaining(`${allow.length} actions`),
    });
    expect(seen.account).toMatchObject({ verdict: 'good', said: '123456789012, as dev must be' });
    expect(seen.credentials).toMatchObject({ verdict: 'good', said: `${fake.state.arn}, without an end` });
    expect(seen.clock?.verdict).toBe('good');
    expect(seen.configuration?.verdict).toBe('good');
    expect(fake.mutations()).toEqual([]);
  });

  it('a session is asked about as its role, with the path that its ARN lacks', async () => {
    fake.state.arn = 'arn:aws:sts::123456789012:assumed-role/deploy/me';
    fake.state.iam.roles.set('deploy', { path: '/team/' });
    fake.state.iam.policies.set('arn:aws:iam::123456789012:role/team/deploy', {
      allow: [],
      deny: ['cloudformation:ExecuteChangeSet'],
    });
    expect((await look()).permissions).toMatchObject({
      verdict: 'bad',
      said: 'forbidden: cloudformation:ExecuteChangeSet',
    });
  });

  it('who may not ask IAM is told so, and nothing else suffers', async () => {
    fake.faults.deny('iam:SimulatePrincipalPolicy');
    const seen = await look();
    expect(seen.permissions).toMatchObject({
      verdict: 'skipped',
      said: 'not known: these credentials may not ask IAM',
    });
    expect(seen.credentials?.verdict).toBe('good');
  });

  it('the wrong account, and a configuration with a mistake', async () => {
    writeFileSync(
      path.join(folder, 'infractl.yaml'),
      'project: shop\nregion: eu-west-3\naccount: "210987654321"\nstacks: { app: { template: none.yaml } }\n',
    );
    const seen = await look();
    expect(seen.account).toMatchObject({ verdict: 'bad', said: '123456789012, but dev is in 210987654321' });
    expect(seen.configuration).toMatchObject({ verdict: 'bad', mend: ['infractl config validate'] });
    expect(seen.configuration?.said).toContain('none.yaml');
  });

  it('what rests on something that failed is not known; that itself says why, once', async () => {
    const seen = await look({
      session: async () => {
        throw new UsageError({
          code: 'NoRegion',
          message: 'No AWS region is set.',
          suggestions: ['Give --region.'],
        });
      },
    });
    expect(seen.region).toMatchObject({
      verdict: 'bad',
      said: 'No AWS region is set',
      mend: ['Give --region.'],
    });
    for (const name of ['credentials', 'account', 'clock', 'permissions'])
      expect(seen[name]).toMatchObject({ verdict: 'skipped', mend: [] });
    expect(fake.requests).toEqual([]);
  });

  it('no project: the machine and AWS are looked at all the same', async () => {
    rmSync(path.join(folder, 'infractl.yaml'));
    const seen = await look();
    expect(seen.configuration).toMatchObject({ verdict: 'skipped', said: 'There is no infractl.yaml here' });
    expect(seen.account).toMatchObject({ verdict: 'good', said: '123456789012' });
    expect(seen.permissions?.verdict).toBe('skipped');
  });

  it('a machine without the tools: said, and bad only where the project needs them', async () => {
    const bare = path.join(folder, 'bin');
    const env = { PATH: bare };
    expect((await look({ env })).containers).toMatchObject({ verdict: 'skipped' });
    writeFileSync(path.join(folder, 'Dockerfile'), 'FROM scratch\n');
    writeFileSync(
      path.join(folder, 'infractl.yaml'),
      'project: shop\nregion: eu-west-3\nimages: { api: { context: ., repository: "123456789012.dkr.ecr.eu-west-3.amazonaws.com/api" } }\nhosts: { web: { address: 10.0.0.1 } }\n',
    );
    const seen = await look({ env });
    expect(seen.containers?.verdict).toBe('bad');
    expect(seen.ssh).toMatchObject({ verdict: 'bad', mend: ['sudo apt-get install openssh-client'] });
    expect(seen.python?.verdict).toBe('warning');
    expect(seen.git?.verdict).toBe('skipped');
  });
});
