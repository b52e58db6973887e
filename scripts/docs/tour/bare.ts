import { exportLines } from '../../../src/lib/sandbox/exports.ts';
import { TestSandbox } from '../../../test/helpers/sandbox.ts';
import type { Container } from './container.ts';

/** What infractl can use beside Node: it is not there until infractl has said that it is wanted. */
const PROGRAMS = ['python3*', 'git*', 'ssh', 'ssh-*', 'scp', 'sftp', 'rsync'];
const ELSEWHERE = '/opt/not-installed';

/** A line, how it ends, and what it must print. */
type Expected = readonly [line: string, exit: number, says: RegExp];

/** Ways to have infractl: run without installing it, refused where one may not write, and then in one's own folder. */
const installed = (tarball: string): readonly Expected[] => [
  [`npx --offline --yes --package ./${tarball} infractl --version`, 0, /^infractl\//m],
  [
    `cp ${tarball} /home/ubuntu && cd /home/ubuntu && runuser -u ubuntu -- npm install --global --offline ${tarball}`,
    243,
    /EACCES/,
  ],
  [
    `runuser -u ubuntu -- npm install --global --offline --prefix /home/ubuntu/.local ${tarball}`,
    0,
    /added 1 package/,
  ],
  ['runuser -u ubuntu -- /home/ubuntu/.local/bin/infractl --version', 0, /^infractl\//m],
  [`cd /root && npm install --global --offline ${tarball}`, 0, /added 1 package/],
];

/** What works with Node and nothing else, and what says what it wants. */
const ALONE: readonly Expected[] = [
  ['infractl --version', 0, /^infractl\//m],
  ['infractl help', 0, /deploy/],
  ['mkdir alone && cd alone && infractl init site my-site && cd my-site', 0, /^Made the project my-site/m],
  ['infractl config validate', 0, /./],
  ['infractl doctor', 4, /python[\s\S]*apt-get install python3 python3-venv/],
  ['infractl sandbox start', 1, /needs Python 3\.10 or newer[\s\S]*apt-get install python3 python3-venv/],
];

/** The same against an AWS elsewhere. */
const ELSEWHERE_AWS: readonly Expected[] = [
  ['infractl deploy --create-stack', 0, /^Deployed my-site dev/m],
  ['infractl outputs site.SiteUrl', 0, /^http/],
  ['infractl list', 0, /my-site-site-dev/],
  ['infractl destroy --confirm my-site-dev --empty', 0, /^Destroyed my-site dev/m],
  [
    'cd .. && infractl init auth-manager my-auth --variant zip && cd my-auth && infractl deploy --create-stack',
    0,
    /^Deployed my-auth dev/m,
  ],
  ['infractl outputs app.ApiUrl', 0, /^http/],
  ['infractl logs api', 0, /path=\/health status=200/],
  ['infractl destroy --confirm my-auth-dev --empty', 0, /^Destroyed my-auth dev/m],
];

/** @returns how many lines went otherwise; everything is installed afterwards, as infractl says */
export async function withNodeAlone(who: Container, tarball: string): Promise<number> {
  for (const name of ['npm', 'npx'])
    await who.run(`ln -s /usr/local/lib/npm/bin/${name}-cli.js /usr/local/bin/${name}`);
  await who.run(
    `mkdir ${ELSEWHERE} && cd /usr/bin && for one in ${PROGRAMS.join(' ')}; do test -e "$one" && mv "$one" ${ELSEWHERE}; done; cd /root`,
  );
  let failed = await expected(who, [...installed(tarball), ...ALONE]);
  const sandbox = await new TestSandbox().prepare();
  try {
    const lines = exportLines(await sandbox.start(), { AWS_REGION: 'eu-west-3' });
    await who.run(`export AWS_REGION=eu-west-3 && ${lines.join(' && ')}`);
    failed += await expected(who, ELSEWHERE_AWS);
  } finally {
    await sandbox.remove();
  }
  await who.run('unset AWS_REGION AWS_ENDPOINT_URL AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY; cd /root');
  await who.run(`mv ${ELSEWHERE}/* /usr/bin`);
  return failed;
}

async function expected(who: Container, lines: readonly Expected[]): Promise<number> {
  let failed = 0;
  for (const [line, exit, says] of lines) {
    const begun = performance.now();
    const { code, text } = await who.type(line);
    const good = code === exit && says.test(text);
    const seconds = ((performance.now() - begun) / 1000).toFixed(1);
    process.stdout.write(`${good ? '✓' : '✗'} $ ${line}  ${seconds} s\n`);
    if (good) continue;
    failed++;
    process.stdout.write(
      `    ended with ${code}, not ${exit}, or without ${says}:\n    ${text.replaceAll('\n', '\n    ')}\n`,
    );
  }
  return failed;
}
