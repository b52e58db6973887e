import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from '../helpers/cli.ts';
import { docker, noEngine } from '../helpers/images.ts';

const script = join(root, 'scripts/base-image.mjs');
const make = (command: string, ...args: string[]) =>
  spawnSync(process.execPath, [script, ...args], {
    encoding: 'utf8',
    env: { ...process.env, INFRACTL_DOCKER: command },
  });
const created = (tag: string) =>
  spawnSync(docker, ['image', 'inspect', '--format', '{{.Created}}', tag], { encoding: 'utf8' }).stdout;

describe.skipIf(noEngine || process.platform !== 'linux')('the base image of this machine', () => {
  test('has the same tag for the same Node, and is made once', () => {
    const first = make(docker);
    expect(first).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^infractl-base:node\d+\.\d+\.\d+-\w+-[0-9a-f]{8}\n$/),
    });
    const tag = first.stdout.trim();
    const when = created(tag);
    expect(make(docker).stdout.trim()).toBe(tag);
    expect(created(tag)).toBe(when);
  });

  test('runs Node, knows certificates, names and users, under a tag of choice', () => {
    const tag = 'infractl-base:chosen-by-a-test';
    try {
      expect(make(docker, tag)).toMatchObject({ status: 0, stdout: `${tag}\n` });
      const look =
        "const fs=require('fs');require('dns').lookup('localhost',(e,a)=>console.log(process.version,process.cwd(),a,fs.existsSync(process.env.SSL_CERT_FILE),fs.readFileSync('/etc/passwd','utf8').includes('node:x:1000')))";
      const ran = spawnSync(docker, ['run', '--rm', '--user', '1000', tag, 'node', '-e', look], {
        encoding: 'utf8',
      });
      expect(ran.stdout.trim()).toMatch(
        new RegExp(`^${process.version} /var/task (?:127\\.0\\.0\\.1|::1) true true$`),
      );
    } finally {
      spawnSync(docker, ['rmi', tag]);
    }
  });
});

test('says clearly when it cannot be made', () => {
  const { status, stdout, stderr } = make('/nonexistent/docker');
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toMatch(
    /^base-image: (?:no container engine answers to \/nonexistent\/docker\.|this machine is not Linux)/,
  );
});
