// `node scripts/docs/tour.ts`: the tour of the README, typed word by word in a bare Debian that has Node, Python 3 for the
// sandbox, and infractl installed of its package; nothing of this clone is in it. Needs a container engine, after a build.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import path from 'node:path';
import { root } from '../../test/helpers/cli.ts';
import { hostImage } from '../../test/helpers/host-image.ts';
import { baseImage, docker } from '../../test/helpers/images.ts';

const readme = readFileSync(path.join(root, 'README.md'), 'utf8');
/** What the sandbox's installation needs to reach its registry, where this machine does not reach it directly. */
const PASSED = Object.keys(process.env).filter((name) => /^(PIP_|SSL_CERT|HTTPS?_PROXY|NO_PROXY)/.test(name));
/** The blocks of the tour, in its order, and what a user does between them: a change, a request. */
const TOUR: readonly (string | { readonly does: string })[] = [
  'init',
  { does: 'cd my-auth' },
  'sandbox-start',
  'doctor',
  'dry-run',
  'first-deploy',
  { does: "sed -i \"s/status: 'ok',/status: 'ok', hello: 'world',/\" app/src/app.js" },
  'change',
  { does: "sed -i 's/status: 200, body/status: 500, body/' app/src/app.js" },
  'broken',
  { does: "sed -i 's/status: 500, body/status: 200, body/' app/src/app.js && infractl deploy --sandbox" },
  { does: "sed -i 's/LambdaMemorySize: 1024/LambdaMemorySize: 2048/' infractl.yaml" },
  'diff',
  'history',
  'list',
  'logs',
  'log-stats',
  'alarms',
  'health',
  'prune',
  'protected-name',
  'destroy',
  { does: 'infractl sandbox stop --delete --yes' },
];

/** Ways to have infractl: run without installing it, refused where one may not write, and then in one's own folder. */
const installed = (tarball: string): readonly string[] => [
  `npx --offline --yes --package ./${tarball} infractl --version`,
  `cp ${tarball} /home/ubuntu && cd /home/ubuntu && runuser -u ubuntu -- npm install --global --offline ${tarball}; test $? -ne 0`,
  `runuser -u ubuntu -- npm install --global --offline --prefix /home/ubuntu/.local ${tarball}`,
  'runuser -u ubuntu -- /home/ubuntu/.local/bin/infractl --version',
  'cd /root',
  `npm install --global --offline ${tarball}`,
  'infractl --version',
];

/** The lines that a block says to type. */
function typedIn(name: string): string[] {
  const block = new RegExp(`<!-- shown: ${name} -->\\n+\`\`\`\\w*\\n([\\s\\S]*?)\\n\`\`\``).exec(readme)?.[1];
  if (block === undefined) throw new Error(`the README has no block ${name}`);
  return [...block.matchAll(/^\$ (.+)$/gm)].map(([, line = '']) => line);
}

const quiet = (args: readonly string[]) => execFileSync(docker, args, { encoding: 'utf8' }).trim();

const packed = JSON.parse(
  execFileSync('npm', ['pack', '--ignore-scripts', '--json', '--loglevel=silent'], {
    cwd: root,
    encoding: 'utf8',
  }),
) as { filename: string }[];
const tarball = Object.values(packed)[0]?.filename ?? '';
// The network of this machine: the registry of the sandbox is reached by the engine at the address that the container has.
const container = quiet([
  'run',
  '--detach',
  '--network=host',
  '--volume=/var/run/docker.sock:/var/run/docker.sock',
  ...PASSED.map((name) => `--env=${name}`),
  ...[...new Set(PASSED.map((name) => process.env[name] ?? ''))]
    .filter((value) => path.isAbsolute(value) && existsSync(value))
    .map((value) => `--volume=${value}:${value}:ro`),
  `--env=BASE_IMAGE=${baseImage()}`,
  await hostImage(),
  'sleep',
  'infinity',
]);
let failed = 0;
try {
  const npm = realpathSync(execFileSync('sh', ['-c', 'command -v npm'], { encoding: 'utf8' }).trim());
  for (const [from, to] of [
    [process.execPath, '/usr/local/bin/node'],
    [docker, '/usr/local/bin/docker'],
    [path.dirname(path.dirname(npm)), '/usr/local/lib/npm'],
    [path.join(root, tarball), `/root/${tarball}`],
  ] as const)
    quiet(['cp', '--follow-link', from, `${container}:${to}`]);
  for (const name of ['npm', 'npx'])
    quiet(['exec', container, 'ln', '-s', `/usr/local/lib/npm/bin/${name}-cli.js`, `/usr/local/bin/${name}`]);
  const lines = [
    ...installed(tarball),
    ...TOUR.flatMap((step) => (typeof step === 'string' ? typedIn(step) : [step.does])),
  ];
  let folder = '/root';
  for (const line of lines) {
    const begun = Date.now();
    const { status, stdout, stderr } = spawnSync(
      docker,
      [
        'exec',
        `--workdir=${folder}`,
        container,
        'bash',
        '-c',
        `${line}\nstatus=$?\npwd > /tmp/pwd\nexit $status`,
      ],
      { encoding: 'utf8' },
    );
    folder = quiet(['exec', container, 'cat', '/tmp/pwd']);
    const end = (stdout + stderr).trimEnd().split('\n').slice(-3).join('\n    ');
    process.stdout.write(
      `[${status}] ${((Date.now() - begun) / 1000).toFixed(1)} s  $ ${line}\n    ${end}\n`,
    );
    // A broken release and a refusal are part of the tour.
    if (![0, 2, 8].includes(status ?? 1)) failed++;
  }
} finally {
  quiet(['rm', '--force', '--volumes', container]);
  rmSync(path.join(root, tarball));
}
process.stdout.write(failed === 0 ? 'The tour runs as it is written.\n' : `${failed} lines failed.\n`);
process.exitCode = failed === 0 ? 0 : 1;
