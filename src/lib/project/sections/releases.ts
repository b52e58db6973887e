import * as z from 'zod/mini';
import { parseDuration, writtenDuration } from '../duration.ts';
import type { ReleasePart, Value } from '../model.ts';
import { duration, flag, issue, list, map, named, noted, shaped, text } from './fields.ts';
import { relativePath } from './paths.ts';
import { buildGroup, group, showGroup } from './release-group.ts';
import type { BuildContext, Section } from './section.ts';
import { value } from './value.ts';

const UNIT = /^[A-Za-z0-9_][\w.-]*$/;
/** Names of branches and tags, and commits; none can be taken for an option. */
const REF = /^[A-Za-z0-9_][\w./+@-]*$/;
const GIT = /^(https?:\/\/\S+|ssh:\/\/\S+|file:\/\/\S+|\/\S+|[\w.-]+@[\w.-]+:\S+)$/;
const INSIDE = /^(?!\/)(?!.*(^|\/)\.\.(\/|$))[^\0\n]+$/;
/** Streamlit's own /_stcore/health says ok to a script that is broken. */
const STREAMLIT = '/_stcore/script-health-check';

const DEFAULTS = { buildTimeout: 1_800_000, timeout: 60_000, settle: 30_000, drain: 30_000, keep: 5 };

const number = (description: string, least: number, most: number) =>
  noted(
    z
      .int()
      .check(
        z.minimum(least, `must be a whole number from ${least} to ${most}.`),
        z.maximum(most, `must be a whole number from ${least} to ${most}.`),
      ),
    description,
  );
const port = (description: string) => number(description, 1, 65_535);
const secret = (description: string) =>
  z.optional(value<Value>({ description, kinds: ['secret', 'ssm', 'env'], literals: [] }));

const source = map(
  {
    git: z.optional(shaped('A repository, as the host reaches it.', GIT, 'the address of a git repository')),
    ref: z.optional(
      shaped('A branch, a tag or a commit. Default: main.', REF, 'a branch, a tag or a commit'),
    ),
    key: secret('A private key that may read the repository: { secret: deploy-key }.'),
    token: secret('A token that may read the repository over https: { env: GITHUB_TOKEN }.'),
    launchTemplate: z.optional(
      noted(
        z.enum(['latest'], 'must be latest.'),
        'Of a group: the newest version of its launch template, whose image has all in it. Members are replaced.',
      ),
    ),
    folder: z.optional(text('A folder of this machine, relative to this file, instead of a repository.')),
    exclude: z.optional(list(text('A pattern as in .gitignore.'), 'What of the folder stays here.')),
  },
  'Where the code comes from: { git: …, ref: … } or { folder: … }.',
);

const health = map(
  {
    path: z.optional(
      shaped(
        'What is asked on its own port. Default: only the unit is looked at.',
        /^\/\S*$/,
        'a path that begins with /',
      ),
    ),
    streamlit: z.optional(
      flag("Ask Streamlit's script health check: its plain one says ok to a broken script."),
    ),
    expect: z.optional(
      list(number('A status code.', 100, 599), 'The status codes that are healthy. Default: 200 to 299.'),
    ),
    timeout: z.optional(duration('How long it may take to be healthy. Default: 1m.')),
    settle: z.optional(
      duration('How long it must stay healthy before the release is declared good. Default: 30s.'),
    ),
  },
  'How it is known that a release works.',
);

const fields = map(
  {
    host: z.optional(
      noted(
        z.union(
          [
            text('A host.'),
            list(text('A host.'), 'Hosts, in the order in which they get it.').check(z.minLength(1)),
          ],
          'must be the name of a host, or a list of them.',
        ),
        {
          description: 'The host that it runs on, or several: they get it one after the other.',
        },
      ),
    ),
    group: z.optional(group),
    source,
    unit: z.optional(
      shaped(
        'The systemd unit, without .service. Default: the name of the release.',
        UNIT,
        'the name of a systemd unit',
      ),
    ),
    path: z.optional(
      shaped('Its folder on the host. Default: /srv/<unit>.', /^\/[\w./-]+[\w-]$/, 'an absolute path'),
    ),
    user: z.optional(
      shaped(
        'Who builds and runs it on the host. Default: the user who logs in; where that is root, as with ssm, the user of its unit, whom "redeploy setup" makes.',
        /^[a-z_][a-z0-9_-]*$/,
        'the name of a user',
      ),
    ),
    build: z.optional(
      list(
        text('python, npm, or a line of shell.'),
        'What is run in the new release before anything of the old one is touched.',
      ),
    ),
    buildTimeout: z.optional(duration('How long one build step may take. Default: 30m.')),
    port: z.optional(port('The port of 127.0.0.1 that it listens on.')),
    ports: z.optional(
      list(port('A port of 127.0.0.1.'), 'With blue-green: the two ports that it listens on in turn.'),
    ),
    start: z.optional(
      text('A line of shell that starts it in the folder of a release, on $PORT: for "redeploy setup".'),
    ),
    strategy: z.optional(
      noted(
        z.enum(['restart', 'blue-green'], 'must be restart or blue-green.'),
        'How one release takes the place of another. Default: restart.',
      ),
    ),
    nginx: z.optional(
      map(
        {
          upstream: z.optional(
            shaped(
              'The name of the upstream. Default: the unit.',
              /^[A-Za-z_][\w-]*$/,
              'the name of an upstream',
            ),
          ),
          file: z.optional(
            shaped(
              'The file that is written for it. Default: /etc/nginx/conf.d/infractl-<unit>.conf.',
              /^\/[\w./-]+$/,
              'an absolute path',
            ),
          ),
          port: z.optional(port('The port on which nginx serves it. Default: 80.')),
          host: z.optional(
            shaped(
              'The server name under which nginx serves it. Default: localhost.',
              /^[A-Za-z0-9.-]+$/,
              'a host name',
            ),
          ),
        },
        'nginx in front of it: what "redeploy setup" writes, and, with blue-green, where requests are sent.',
      ),
    ),
    health: z.optional(health),
    shared: z.optional(
      list(
        shaped('A path in the release.', INSIDE, 'a path inside of the release'),
        'Folders and files that outlive releases: data, uploads.',
      ),
    ),
    environment: z.optional(
      named(
        value<Value>({
          description: 'A literal or a reference such as { env: MONGODB_URI }.',
          kinds: ['output', 'secret', 'ssm', 'env'],
        }),
        'The environment of the application.',
        /^[A-Za-z_][A-Za-z0-9_]*$/,
        'letters, digits and underscores',
      ),
    ),
    keep: z.optional(number('How many good releases stay on the host. Default: 5.', 1, 100)),
    drain: z.optional(
      duration('How long connections of an instance get before it is stopped. Default: 30s.'),
    ),
  },
  'An application that is released to hosts, and can always go back.',
);

type RawRelease = z.infer<typeof fields>;

const schema = fields.check((context) => {
  const raw = context.value;
  const report = (path: string[], message: string, expected: string) =>
    context.issues.push(issue(raw, path, message, { at: 'key', expected }));
  const { git, folder, launchTemplate, ref, key, token, exclude } = raw.source;
  if ((raw.host === undefined) === (raw.group === undefined))
    report(
      [],
      'must have "host" or "group", and only one of them.',
      'Write host: web, or group: { name: … }.',
    );
  if ([git, folder, launchTemplate].filter((one) => one !== undefined).length !== 1)
    report(
      ['source'],
      'must have "git" or "folder", and only one of them.',
      'Write { git: …, ref: main } or { folder: app }; for a group of images { launchTemplate: latest }.',
    );
  if (launchTemplate !== undefined && raw.group === undefined)
    report(['source', 'launchTemplate'], 'is for a group.', 'Give it "group:".');
  if (launchTemplate !== undefined && raw.group?.maxErrors !== undefined)
    report(
      ['group', 'maxErrors'],
      'means nothing to an image: AWS goes back from a refresh by itself.',
      'Remove it.',
    );
  if (git === undefined && (ref ?? key ?? token) !== undefined)
    report(['source'], 'has no repository, so it has no ref, key or token.', 'Remove them.');
  if (folder === undefined && exclude !== undefined)
    report(
      ['source', 'exclude'],
      'is for a folder.',
      'In a repository .gitattributes says what stays out: export-ignore.',
    );
  if (raw.strategy === 'blue-green') {
    if (raw.ports?.length !== 2 || raw.ports[0] === raw.ports[1])
      report(
        [],
        'is released blue-green, which takes two different ports.',
        'Give it "ports: [8501, 8502]".',
      );
    if (raw.port !== undefined) report(['port'], 'is for the strategy restart.', 'Give "ports:" alone.');
  } else {
    if (raw.ports !== undefined)
      report(['ports'], 'is for the strategy blue-green.', 'Give "port:", or "strategy: blue-green".');
  }
  if (raw.nginx !== undefined && raw.port === undefined && raw.ports === undefined)
    report(['nginx'], 'cannot serve it without a port.', 'Give it "port:".');
  if (raw.health?.streamlit && raw.health.path !== undefined)
    report(['health', 'path'], 'is known for Streamlit.', 'Remove it, or "streamlit".');
  if (
    (raw.health?.path ?? raw.health?.streamlit) !== undefined &&
    raw.port === undefined &&
    raw.ports === undefined
  )
    report(['health'], 'cannot be asked without a port.', 'Give it "port:".');
});

export const releases: Section<RawRelease, ReleasePart> = {
  kind: 'release',
  schema,
  description: 'Applications that are released to hosts.',
  merge: {
    wholes: [
      ['*', 'source'],
      ['*', 'group', 'name'],
      ['*', 'environment', '*'],
    ],
    exclusive: ['port', 'ports'],
  },
  build(name, raw, context) {
    const unit = raw.unit ?? name;
    const { health: given = {}, nginx = {} } = raw;
    const path = given.streamlit ? STREAMLIT : given.path;
    return {
      name,
      hosts: raw.host === undefined ? [] : [raw.host].flat(),
      ...(raw.group === undefined ? {} : { group: buildGroup(name, raw.group, context) }),
      source: buildSource(name, raw, context),
      path: raw.path ?? `/srv/${unit}`,
      ...(raw.user ? { user: raw.user } : {}),
      build: raw.build ?? [],
      buildTimeout: parseDuration(raw.buildTimeout) ?? DEFAULTS.buildTimeout,
      unit,
      ports: raw.ports ?? (raw.port === undefined ? [] : [raw.port]),
      strategy: raw.strategy ?? 'restart',
      ...(raw.start ? { start: raw.start } : {}),
      site: raw.nginx !== undefined || raw.strategy === 'blue-green',
      nginx: {
        upstream: nginx.upstream ?? unit.replaceAll(/[^A-Za-z0-9_]/g, '_'),
        file: nginx.file ?? `/etc/nginx/conf.d/infractl-${unit}.conf`,
        port: nginx.port ?? 80,
        ...(nginx.host ? { host: nginx.host } : {}),
      },
      health: {
        ...(path ? { path } : {}),
        streamlit: given.streamlit ?? false,
        expect: given.expect ?? [],
        timeout: parseDuration(given.timeout) ?? DEFAULTS.timeout,
        settle: parseDuration(given.settle) ?? DEFAULTS.settle,
      },
      shared: raw.shared ?? [],
      environment: raw.environment ?? {},
      keep: raw.keep ?? DEFAULTS.keep,
      drain: parseDuration(raw.drain) ?? DEFAULTS.drain,
    };
  },
  show: (part, root) => ({
    host: part.hosts.length > 1 ? part.hosts : part.hosts[0],
    group: part.group && showGroup(part.group, root),
    source:
      'folder' in part.source
        ? { ...part.source, folder: relativePath(root, part.source.folder) }
        : part.source,
    unit: part.unit,
    path: part.path,
    user: part.user,
    build: part.build,
    buildTimeout: writtenDuration(part.buildTimeout),
    ...(part.strategy === 'blue-green' ? { ports: part.ports } : { port: part.ports[0] }),
    nginx: part.site ? part.nginx : undefined,
    start: part.start,
    strategy: part.strategy,
    health: {
      ...(part.health.streamlit ? { streamlit: true } : { path: part.health.path }),
      expect: part.health.expect.length > 0 ? part.health.expect : undefined,
      timeout: writtenDuration(part.health.timeout),
      settle: writtenDuration(part.health.settle),
    },
    shared: part.shared,
    environment: part.environment,
    keep: part.keep,
    drain: writtenDuration(part.drain),
  }),
};

function buildSource(name: string, raw: RawRelease, context: BuildContext): ReleasePart['source'] {
  const { git, ref, key, token, folder, exclude, launchTemplate } = raw.source;
  if (launchTemplate !== undefined) return { launchTemplate };
  if (folder !== undefined)
    return {
      folder: context.existing(['releases', name, 'source', 'folder'], folder, 'folder'),
      exclude: exclude ?? [],
    };
  return {
    git: git ?? '',
    ref: ref ?? 'main',
    ...(key === undefined ? {} : { key }),
    ...(token === undefined ? {} : { token }),
  };
}
