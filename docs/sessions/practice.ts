import { readFileSync } from 'node:fs';
import path from 'node:path';
import { filesIn } from '../../scripts/docs/blocks.ts';
import { BY_HAND, Practice } from '../../scripts/docs/practice.ts';
import type { Session, Stage } from '../../scripts/docs/stage.ts';
import { root } from '../../test/helpers/cli.ts';

/** The project `shop` as the README has it, whose migration takes its time. */
export const session: Session = {
  place: 'the sandbox',
  makes: [
    'tree',
    'against',
    'data-guard',
    'protected',
    'attach',
    'cancel',
    'events-failed',
    'explain',
    'locked',
    'lock-wait',
    'unlock',
    'ctrl-c',
    'detach',
    'left',
    'stuck',
    'stuck-terminal',
    'express',
    'drift',
    'json-events',
  ],
  async play(stage) {
    await stage.sandbox();
    stage.env.INFRACTL_SANDBOX = '1';
    stage.cd('shop');
    const files = filesIn(readFileSync(path.join(root, 'README.md'), 'utf8'));
    for (const [name, text] of files) stage.put(name, text);
    stage.change('migrate/index.js', '20_000', '9_000');
    await stage.run('infractl sandbox start');
    const practice = new Practice(stage);
    stage.keep('tree', await practice.tree());
    await against(stage);
    await guarded(stage);
    migrate(stage);
    stage.keep('attach', await practice.attach());
    migrate(stage);
    stage.keep('cancel', await practice.cancel());
    await failed(stage);
    await together(stage, practice);
    await left(stage, practice);
    await stuck(stage, practice);
    await express(stage);
    await drift(stage);
    stage.change('app.yaml', 'DisplayName: news', 'DisplayName: letters');
    await stage.shows('json-events', {
      line: 'infractl deploy --create-stack app --json | cut -c1-150',
      only: [/"Topic"/, /"updating the stack"/, /"result"/],
    });
  },
};

let version = 1;

/** Something for the next deploy of `app` to do that takes its time. */
function migrate(stage: Stage, to = ++version): void {
  const now = /Version: (\d+)/.exec(stage.read('infractl.yaml'))?.[1] ?? '';
  stage.change('infractl.yaml', `Version: ${now}`, `Version: ${to}`);
}

/** A change of a file for as long as the lines are typed. */
async function whileChanged(
  stage: Stage,
  file: string,
  change: (text: string) => string,
  lines: () => Promise<void>,
): Promise<void> {
  const before = stage.read(file);
  stage.put(file, change(before));
  await lines();
  stage.put(file, before);
}

async function against(stage: Stage): Promise<void> {
  const id = JSON.parse(await stage.run('infractl history --json'))[0].id.slice(-6);
  const longer = (text: string) => text.replace('VisibilityTimeout: 30', 'VisibilityTimeout: 39');
  await whileChanged(stage, 'data.yaml', longer, () =>
    stage.shows('against', `infractl diff --against ${id}`),
  );
}

async function guarded(stage: Stage): Promise<void> {
  const key = (text: string) => text.replaceAll('AttributeName: id', 'AttributeName: number');
  await whileChanged(stage, 'data.yaml', key, () =>
    stage.shows('data-guard', { line: 'infractl deploy --create-stack data', exit: 5 }),
  );
  await stage.run('infractl deploy --create-stack app --env prod');
  const fewer = (text: string) => text.replace(/ {2}Alerts:.*\n/, '');
  await whileChanged(stage, 'app.yaml', fewer, () =>
    stage.shows(
      'protected',
      { line: 'INFRACTL_ENV=prod infractl deploy --create-stack app', exit: 2 },
      { line: 'infractl deploy --create-stack app --env prod', exit: 5 },
    ),
  );
}

async function failed(stage: Stage): Promise<void> {
  migrate(stage, 13);
  await stage.run('infractl deploy --create-stack app', 1);
  await stage.shows('events-failed', 'infractl events app --failed');
  await stage.shows('explain', {
    line: 'infractl explain app',
    only: [/^✗/, /Migration \(/, /Now:/, /The last lines/, /Error:/, /→/],
  });
}

async function together(stage: Stage, practice: Practice): Promise<void> {
  migrate(stage);
  stage.change('data.yaml', 'VisibilityTimeout: 30', 'VisibilityTimeout: 40');
  stage.keep('locked', await practice.locked());
  stage.keep('lock-wait', await practice.lockWait());
  migrate(stage);
  stage.keep('unlock', await practice.unlock());
}

async function left(stage: Stage, practice: Practice): Promise<void> {
  migrate(stage);
  stage.keep('ctrl-c', await practice.ctrlC());
  migrate(stage);
  const line = 'infractl deploy --create-stack app --detach';
  await stage.shows('detach', { line, only: [/^\S/] });
  await stage.shows('left', 'infractl history --limit 1');
  await stage.run('infractl attach app');
}

/** An update that fails, and cannot be taken back. */
async function stuck(stage: Stage, practice: Practice): Promise<void> {
  const line = 'infractl deploy --create-stack app';
  const breaks = async () => {
    migrate(stage, 14);
    await stage.run(line, 1);
    migrate(stage);
  };
  await breaks();
  await stage.shows(
    'stuck',
    { line, exit: 5 },
    { line: `${line} --continue-rollback --skip-resource Index`, only: [/^\S/] },
  );
  await breaks();
  stage.keep('stuck-terminal', await practice.stuck());
}

async function express(stage: Stage): Promise<void> {
  stage.change('app.yaml', 'DisplayName: news', 'DisplayName: newsletter');
  const quick = (text: string) => text.replace('template: app.yaml', 'template: app.yaml, express: true');
  await whileChanged(stage, 'infractl.yaml', quick, () =>
    stage.shows('express', { line: 'infractl deploy --create-stack app', only: [/^\S/] }),
  );
  stage.change('app.yaml', 'DisplayName: newsletter', 'DisplayName: news');
}

/** Somebody changes and deletes past the stack. */
async function drift(stage: Stage): Promise<void> {
  await stage.run(BY_HAND);
  await stage.shows('drift', 'infractl drift');
}
