import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { spawn } from '@lydell/node-pty';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launcher } from '../helpers/cli.ts';
import { Scene } from '../helpers/trouble.ts';
import { until } from '../helpers/until.ts';

/** Completion as a shell gets it: what infractl answers, and what real shells make of it. */

let scene: Scene;
let bin: string;
beforeAll(async () => {
  scene = await Scene.open({ head: 'environments: { dev: {}, prod: {} }\n' });
  bin = path.join(scene.home.folder, 'bin');
  mkdirSync(bin);
  writeFileSync(path.join(bin, 'infractl'), `#!/bin/sh\nexec '${process.execPath}' '${launcher}' "$@"\n`);
  chmodSync(path.join(bin, 'infractl'), 0o755);
});
afterAll(() => scene.close());

const answer = async (...words: string[]) => {
  const result = await scene.run(['__complete', ...words]);
  expect(result).toMatchObject({ code: 0, stderr: '' });
  return result.stdout.split('\n').slice(0, -1);
};

describe('what infractl answers', () => {
  it('names of the project', async () => {
    expect(await answer('fish', 'deploy', '--env', '')).toEqual(['words', 'dev\t', 'prod\t']);
    expect(await answer('zsh', 'explain', '')).toEqual(['words', 'app\tstack']);
    expect(await answer('bash', 'infractl deploy --env=p', ' =:')).toEqual(['words', 'prod\t']);
    expect(await answer('fish', 'init', 'x', '')).toEqual(['files']);
  });

  it('nothing, and no complaint, where there is no project or one with a mistake', async () => {
    const broken = path.join(scene.home.folder, 'broken');
    mkdirSync(broken);
    writeFileSync(path.join(broken, 'infractl.yaml'), 'project: [');
    for (const cwd of [scene.home.folder, broken]) {
      const result = await scene.run(['__complete', 'fish', 'explain', ''], { cwd });
      expect(result).toMatchObject({ code: 0, stdout: 'words\n', stderr: '' });
    }
    expect(await answer('tcsh', 'x')).toEqual([]);
  });

  it('deploys from AWS, remembered: the second time nothing is asked', async () => {
    await scene.deployed();
    const ids: string[] = [];
    await until(async () => {
      ids.push(...(await answer('fish', 'rollback', '')).slice(1));
      return ids.length > 0;
    });
    const shown = await scene.run(['history', '--json']);
    const [{ id }] = JSON.parse(shown.stdout) as [{ id: string }];
    expect(ids[0]).toMatch(new RegExp(`^${id.split('-').at(-1)}\t.*succeeded, deploy --create-stack$`));
    const before = scene.fake.requests.length;
    expect(await answer('zsh', 'history', '')).toEqual(['words', ids[0]]);
    expect(await answer('zsh', 'diff', '--against', '')).toEqual(['words', ids[0]]);
    expect(scene.fake.requests.length).toBe(before);
  });
});

const has = (shell: string) => spawnSync(shell, ['--version']).status === 0;
/** In CI every shell must be there; a laptop may lack one. */
const withShell = (shell: string) => it.skipIf(!process.env.CI && !has(shell));

/** A shell on a terminal, and all that it has written. */
function shell(command: string, args: string[]) {
  let screen = '';
  const child = spawn(command, args, {
    name: 'xterm-256color',
    cols: 100,
    rows: 30,
    cwd: scene.home.work,
    env: {
      ...scene.home.env(),
      ...scene.fake.env,
      PATH: `${bin}:${process.env.PATH}`,
      PS1: '> ',
      HISTFILE: '',
    },
  });
  child.onData((data) => {
    screen += data;
  });
  const ended = new Promise((resolve) => child.onExit(resolve));
  const text = () => screen.replace(/\u001B\[[0-9;?]*[A-Za-z]|\u001B[=>]|[\r\u0007]/g, '');
  return {
    /** Types, and waits until the text is on the screen. */
    async type(keys: string, wanted: string) {
      child.write(keys);
      await until(() => text().includes(wanted), { ended, output: text });
    },
    end: () => child.kill('SIGKILL'),
  };
}

describe('real shells', () => {
  withShell('bash')('bash: commands, values behind an equals sign, names', async () => {
    const bash = shell('bash', ['--norc', '--noprofile', '-i']);
    try {
      await bash.type('eval "$(infractl completion bash)"; echo re"ady"\r', '\nready');
      await bash.type('infractl dest\t', 'infractl destroy ');
      await bash.type('--env=pr\t', '--env=prod ');
      await bash.type('\u0015infractl explain \t', 'infractl explain app ');
    } finally {
      bash.end();
    }
  });

  withShell('zsh')('zsh: commands, values behind an equals sign, names', async () => {
    const zsh = shell('zsh', ['-f', '-i']);
    try {
      await zsh.type(
        'autoload -U compinit && compinit -u -D; eval "$(infractl completion zsh)"; echo re"ady"\r',
        '\nready',
      );
      await zsh.type('infractl dest\t', 'infractl destroy ');
      await zsh.type('--env=pr\t', '--env=prod ');
      await zsh.type('\u0015infractl explain \t', 'infractl explain app ');
    } finally {
      zsh.end();
    }
  });

  withShell('fish')('fish: commands, values behind an equals sign, names, with what they are', () => {
    const complete = (line: string) => {
      const script = `infractl completion fish | source; complete -C ${JSON.stringify(line)}`;
      const result = spawnSync('fish', ['--no-config', '-c', script], {
        cwd: scene.home.work,
        env: { ...scene.home.env(), PATH: `${bin}:${process.env.PATH}` },
        encoding: 'utf8',
      });
      expect(result.stderr).toBe('');
      return result.stdout.trim().split('\n');
    };
    expect(complete('infractl dest')).toEqual([expect.stringMatching(/^destroy\tDelete the stacks/)]);
    expect(complete('infractl destroy --env=pr')).toEqual(['--env=prod']);
    expect(complete('infractl explain ')).toEqual(['app\tstack']);
    expect(complete('infractl manage schedule ').map((line) => line.split('\t')[0])).toContain('set');
  });
});
