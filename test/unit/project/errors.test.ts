import { chmodSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadProject } from '../../../src/lib/project/index.ts';
import { readImports } from '../../../src/lib/stacks/index.ts';
import { EXAMPLE, failure, folderWith, load } from './folder.ts';

const stack = (inner: string) => `project: p\nstacks:\n  app: { template: infra/template.yaml, ${inner} }\n`;

describe('a file that cannot be a configuration', () => {
  it('is missing', async () => {
    const error = await failure(loadProject({ cwd: folderWith({}), env: {} }));
    expect(error).toMatchObject({
      code: 'NoConfiguration',
      exit: 2,
      message: 'There is no infractl.yaml here.',
    });
    expect(error.suggestions[0]).toBe('Start a project: infractl init');
    const env = { INFRACTL_CONFIG: 'elsewhere.yaml' };
    const named = await failure(loadProject({ cwd: folderWith({}), env }));
    expect(named.all).toContain('INFRACTL_CONFIG');
  });

  it.each([
    ['empty', '', 'infractl.yaml:1:1: it is empty.'],
    ['only a comment', '# nothing\n', 'infractl.yaml:1:1: it is empty.'],
    ['a list', '- a\n- b\n', 'infractl.yaml:1:1: it must be a map (keys with values), but is a list.'],
    ['a scalar', 'hello\n', 'infractl.yaml:1:1: it must be a map (keys with values), but is a text.'],
    ['a tab', 'project: p\nstacks:\n\tapp: 1\n', 'infractl.yaml:3:1: a tab is used for indentation.'],
    ['a tab in a flow map', 'project: p\nstacks:\n  a: {\n\tx: 1}\n', 'a tab is used for indentation.'],
    ['bad YAML', 'project: "p\n', 'infractl.yaml:2:1: this is not YAML: missing closing "quote.'],
    [
      'duplicate keys',
      'project: a\nregion: eu-west-3\nproject: b\n',
      'infractl.yaml:3:1: the key "project" is there twice (first in line 1).',
    ],
    ['two documents', 'project: a\n---\nproject: b\n', 'a second document begins here.'],
    ['a tag', 'project: !Ref p\n', 'infractl.yaml:1:10: YAML tags such as !Ref have no meaning here.'],
    [
      'an unknown alias',
      'project: *p\n',
      'infractl.yaml:1:10: *p is used, but nothing before it is called &p.',
    ],
  ])('is %s', async (_, text, says) => {
    const error = await failure(load(text));
    expect(error).toMatchObject({ code: 'InvalidConfiguration', exit: 2 });
    expect(error.message).toContain(says);
  });

  it('is a folder, or may not be read, or is no UTF-8', async () => {
    const folder = folderWith({});
    mkdirSync(path.join(folder, 'infractl.yaml'));
    const error = await failure(loadProject({ cwd: folder, env: {} }));
    expect(error.message).toBe('infractl.yaml: this is a folder, but the configuration must be a file.');
    const utf16 = await failure(load(Buffer.from('\uFEFFproject: p', 'utf16le')));
    expect(utf16.message).toBe('infractl.yaml: it is not UTF-8 text.');
  });

  it('may not be read', async () => {
    const folder = folderWith({ 'infractl.yaml': 'project: p\n' });
    chmodSync(folder, 0o755);
    chmodSync(path.join(folder, 'infractl.yaml'), 0o000);
    // Root may read everything, so the test is somebody else for a moment.
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) process.seteuid?.(65534);
    try {
      const error = await failure(loadProject({ cwd: folder, env: {} }));
      expect(error.message).toBe('infractl.yaml: it cannot be read: permission denied.');
      expect(error.suggestions).toEqual(['Give yourself the right: chmod u+r infractl.yaml']);
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
  });

  it('is a bomb of aliases, or nested without end', async () => {
    const levels = Array.from(
      { length: 9 },
      (_, i) => `l${i + 1}: &l${i + 1} [${Array(9).fill(`*l${i}`).join(', ')}]`,
    );
    const bomb = `project: p\nx-l0: &l0 [lol]\n${levels.join('\n')}\n`;
    expect((await failure(load(bomb))).message).toContain('unfold to far more');
    const wide = `x-a: &a [${'1,'.repeat(3000)}]\nproject: p\nx-b: [${'*a,'.repeat(1000)}]\n`;
    expect((await failure(load(wide))).message).toContain('unfold to far more');
    const deep = `project: p\nx: ${'['.repeat(100_000)}\n`;
    expect(await failure(load(deep))).toMatchObject({ code: 'InvalidConfiguration', exit: 2 });
  });

  it('is far too long', async () => {
    const error = await failure(load(`project: p\n# ${'x'.repeat(9 * 1024 * 1024)}\n`));
    expect(error.message).toBe('infractl.yaml: it has 9.0 MiB, and at most 8.0 MiB are read.');
  });
});

describe('a large file', () => {
  it('of 1 MB loads when it is right', async () => {
    let text = 'project: p\nstacks:\n';
    for (let i = 0; text.length < 1_000_000; i++) {
      text += `  s${i}:\n    template: infra/template.yaml\n    parameters: { A: some text, B: [a, b], C: { output: s${Math.max(0, i - 1)}.X } }\n`;
    }
    const { project } = await load(text.replace('C: { output: s0.X }', 'C: 1'));
    expect(project.stacks.size).toBeGreaterThan(5000);
  });

  it('of one long line is quoted around the mistake only', async () => {
    const error = await failure(
      load(
        `{project: p, stacks: {${'a: {template: infra/template.yaml}, '.replace('a:', 'a1:').repeat(1)}b: {template: infra/template.yaml, tags: {${'t: x'.padEnd(300_000, 'x')}}, nope: 1}}}\n`,
      ),
    );
    expect(error.why.length).toBeLessThan(600);
    expect(error.why).toContain('nope: 1');
  });

  it('may use one anchor often', async () => {
    const parts = Array.from({ length: 500 }, (_, i) => `  s${i}: *common`).join('\n');
    const text = `project: p\nx-c: &common { template: infra/template.yaml }\nstacks:\n${parts}\n`;
    expect((await load(text)).project.stacks.size).toBe(500);
  });

  it('that is wrong all over is told in part', async () => {
    let text = 'project: p\nstacks:\n';
    for (let i = 0; i < 20_000; i++) text += `  s${i}: { templat: x }\n`;
    const error = await failure(load(text));
    expect(error.message).toBe('infractl.yaml has 40000 errors.');
    expect(error.why).toContain('… and 39975 more.');
  });
});

describe('one mistake', () => {
  it.each([
    [
      'an unknown key',
      'project: p\nregoin: eu-west-3\n',
      '2:1: unknown key "regoin"; did you mean "region"?',
    ],
    [
      'an unknown key of a part',
      stack('templte: x'),
      '3:41: unknown key "templte" in stacks.app; did you mean "template"?',
    ],
    [
      'an unknown key of an environment',
      'project: p\nenvironments: { dev: { profle: x } }\n',
      '2:24: unknown key "profle" in environments.dev; did you mean "profile"?',
    ],
    ['a key that every object has', 'project: p\nconstructor: 1\n', '2:1: unknown key "constructor"'],
    ['__proto__', 'project: p\n__proto__: { a: 1 }\n', '2:1: unknown key "__proto__"'],
    ['a missing project', 'region: eu-west-3\n', '1:1: "project" is missing in the file.'],
    ['a bad project', 'project: Auth_Manager\n', '1:10: project must be lower-case letters'],
    [
      'a wrong type',
      'project: p\nstacks: [a]\n',
      '2:9: stacks must be a map (names with values), but is a list.',
    ],
    [
      'a number for a text',
      'project: p\nstacks: { app: { template: 7 } }\n',
      '2:28: stacks.app.template must be a text, but is a number.',
    ],
    [
      'yes for true',
      'project: p\nenvironments: { dev: { protected: yes } }\n',
      '2:35: environments.dev.protected must be true or false, but is a text.',
    ],
    [
      'an account of 11 digits',
      'project: p\naccount: 12345678901\n',
      '2:10: account must be the 12 digits of an AWS account.',
    ],
    [
      'a region of no shape',
      'project: p\nregion: paris\n',
      '2:9: region must be an AWS region, such as eu-west-3.',
    ],
    [
      'a bad part name',
      'project: p\nstacks: { App: { template: infra/template.yaml } }\n',
      '2:11: the name "App" must be lower-case letters',
    ],
    [
      'a bad environment name',
      'project: p\nenvironments: { Dev: {} }\n',
      '2:17: the name "Dev" must be lower-case letters',
    ],
    ['no template', 'project: p\nstacks: { app: {} }\n', '2:11: "template" is missing in stacks.app.'],
    [
      'a stack name of AWS that is too long',
      stack(`name: a${'b'.repeat(128)}`),
      '3:47: stacks.app.name must be letters',
    ],
    [
      'a template that is not there',
      'project: p\nstacks: { app: { template: none.yaml } }\n',
      '2:28: stacks.app.template names none.yaml, but there is no such file.',
    ],
    [
      'a template that is a folder',
      'project: p\nstacks: { app: { template: infra } }\n',
      'names infra, but that is not a file.',
    ],
    [
      'a context that is a file',
      'project: p\nimages: { a: { context: Dockerfile, dockerfile: Dockerfile, repository: r/a } }\n',
      'images.a.context names Dockerfile, but that is not a folder.',
    ],
    [
      'a Dockerfile that is not there',
      'project: p\nimages: { a: { context: app, repository: r/a } }\n',
      'images.a.dockerfile names app/Dockerfile, but there is no such file.',
    ],
    [
      'a zip folder that is not there',
      'project: p\nfunctions: { a: { zip: dist } }\n',
      '2:24: functions.a.zip names dist, but there is no such file.',
    ],
    [
      'a function that runs nothing',
      'project: p\nfunctions: { a: {} }\n',
      '2:14: functions.a does not say what it runs.',
    ],
    [
      'a function that runs two things',
      'project: p\nfunctions: { a: { image: x, zip: app } }\n',
      '2:29: functions.a has both "image" and "zip"',
    ],
    ['no duration', stack('timeout: soon'), '3:50: stacks.app.timeout is not a duration.'],
    [
      'no status code',
      'project: p\nchecks: { c: { url: "http://x", expect: 2000 } }\n',
      'checks.c.expect is not an HTTP status code.',
    ],
    [
      'no URL',
      'project: p\nchecks: { c: { url: example.com } }\n',
      'checks.c.url must be a URL that begins with https:// or http://.',
    ],
    [
      'a reference to no stack',
      stack('parameters: { A: { output: ap.X } }'),
      '3:68: stacks.app.parameters.A refers to the stack "ap", which is not there; did you mean "app"?',
    ],
    [
      'a reference to no image',
      stack('parameters: { A: [x, { image: nope }] }'),
      'stacks.app.parameters.A[1] refers to the image "nope", which is not there.',
    ],
    [
      'a function of no image',
      'project: p\nfunctions: { a: { image: nope } }\n',
      '2:26: functions.a refers to the image "nope", which is not there.',
    ],
    [
      'a reference with two keys',
      stack('parameters: { A: { output: app.X, image: y } }'),
      '3:75: stacks.app.parameters.A has two sources, "output" and "image"; a reference has one.',
    ],
    [
      'a reference with a typo',
      stack('parameters: { A: { ouput: app.X } }'),
      '3:60: unknown key "ouput" in stacks.app.parameters.A; did you mean "output"?',
    ],
    [
      'an empty reference',
      stack('parameters: { A: {} }'),
      'stacks.app.parameters.A does not say where the value comes from.',
    ],
    [
      'an option of another reference',
      stack('parameters: { A: { output: app.X, key: k } }'),
      'unknown key "key" in stacks.app.parameters.A.',
    ],
    [
      'an output without its stack',
      stack('parameters: { A: { output: Url } }'),
      'stacks.app.parameters.A.output must be <stack>.<OutputKey>',
    ],
    [
      'a reference of the wrong kind',
      'project: p\nimages: { a: { context: ., repository: { image: a } } }\n',
      'images.a.repository cannot be taken from "image" here.',
    ],
    [
      'a build secret that stands in the file',
      'project: p\nimages: { a: { context: ., repository: r/a, secrets: { t: hunter2 } } }\n',
      'images.a.secrets.t must say where the secret comes from, not what it is.',
    ],
    [
      'an `after` to nothing',
      stack('after: [nope]'),
      'stacks.app.after[0] refers to the stack "nope", which is not there.',
    ],
  ])('%s', async (_, text, says) => {
    const error = await failure(load(text));
    expect(error).toMatchObject({ code: 'InvalidConfiguration', exit: 2 });
    expect(error.message).toContain(says);
    expect(error.message).toMatch(/^infractl\.yaml:\d+:\d+: /);
    // The caret stands under the column of the line that is quoted.
    const [quoted, caret] = error.why.split('\n') as [string, string];
    const [, line, column] = /:(\d+):(\d+):/.exec(error.message) as unknown as [string, string, string];
    const written = text.split('\n')[Number(line) - 1] ?? '';
    expect(quoted.startsWith(`  ${line} | ${written.slice(0, 80)}`)).toBe(true);
    expect(caret.indexOf('^') - `  ${line} | `.length).toBe(Number(column) - 1);
  });
});

describe('several mistakes', () => {
  it('are all told at once, in the order of the file, each once', async () => {
    const text = EXAMPLE.replace('region:', 'regoin:')
      .replace('{ image: api }', '{ imge: api }')
      .replace('expect: 200', 'expect: 2')
      .replace('image: api }\nchecks', 'image: apis }\nchecks');
    const error = await failure(load(text));
    expect(error.message).toBe('infractl.yaml has 3 errors.');
    expect(error.why.match(/^infractl\.yaml:\d+/gm)).toEqual([
      'infractl.yaml:2',
      'infractl.yaml:11',
      'infractl.yaml:20',
    ]);
    const wiring = await failure(load(text.replace('regoin', 'region')));
    expect(wiring.message).toBe('infractl.yaml has 3 errors.');
    expect(wiring.why).toContain(
      'functions.api refers to the image "apis", which is not there; did you mean "api"?',
    );
  });

  it('are found in environments that are not chosen', async () => {
    const error = await failure(
      load(EXAMPLE.replace('protected: true }', 'protected: true, stacks: { app: { timeout: x } } }')),
    );
    expect(error.message).toBe('infractl.yaml:5:75: stacks.app.timeout is not a duration.');
  });
});

describe('two stacks of one name in AWS', () => {
  it('are refused: each deploy of one would take away what the other one has made', async () => {
    const text = `project: p
stacks:
  app: { template: infra/template.yaml, name: p-data-dev }
  data: { template: infra/registry.yaml }
`;
    const error = await failure(load(text));
    expect(error.message).toBe(
      'infractl.yaml:4:3: the stacks app and data are both called p-data-dev in AWS.',
    );
  });
});

describe('a cycle', () => {
  it('is shown as a circle with the place of each edge', async () => {
    const text = `project: p
stacks:
  app:
    template: infra/template.yaml
    parameters: { ImageUri: { image: api } }
images:
  api: { context: ., repository: { output: app.Uri } }
`;
    const error = await failure(load(text));
    expect(error.message).toBe(
      'infractl.yaml:5:38: parts need each other in a circle: stack app → image api → stack app.',
    );
    expect(error.why).toContain(
      'infractl.yaml:5:38: stack app needs image api (stacks.app.parameters.ImageUri.image)',
    );
    expect(error.why).toContain(
      'infractl.yaml:7:44: image api needs stack app (images.api.repository.output, for app.Uri)',
    );
  });

  it('of stacks by their outputs says which value to move: the link that carries the fewest', async () => {
    const text = `project: p
stacks:
  app:
    template: infra/template.yaml
    parameters: { Vpc: { output: network.VpcId }, Subnet: { output: network.SubnetId } }
  network:
    template: infra/registry.yaml
    parameters: { Group: { output: app.GroupId } }
`;
    const error = await failure(load(text));
    expect(error.why).toContain(
      'stack app needs stack network (stacks.app.parameters.Vpc.output, for network.VpcId)',
    );
    expect(error.why).toContain(
      'Move what makes app.GroupId out of the stack app: into the stack network, which needs it, or into a stack of its own that both take it from.',
    );
  });

  it('of stacks that import what the other exports is found too', async () => {
    const text = `project: p
stacks:
  app: { template: app.yaml }
  network: { template: network.yaml }
`;
    const template = (own: string, other: string) =>
      `Resources:\n  A: { Type: AWS::SNS::Topic, Properties: { DisplayName: !ImportValue ${other} } }\nOutputs:\n  Own: { Value: !Ref A, Export: { Name: ${own} } }\n`;
    const files = { 'app.yaml': template('one', 'two'), 'network.yaml': template('two', 'one') };
    const error = await failure(load(text, { imports: readImports }, files));
    expect(error.message).toContain(
      'parts need each other in a circle: stack app → stack network → stack app.',
    );
    expect(error.why).toContain('(stacks.app.template, for network.Own)');
    expect(error.why).toContain('Move what makes network.Own out of the stack network');
  });

  it('of a stack with itself is one too', async () => {
    const error = await failure(load(stack('parameters: { A: { output: app.X } }')));
    expect(error.message).toContain('stack app → stack app');
  });
});
