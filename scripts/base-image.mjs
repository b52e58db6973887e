// Makes a minimal base image where none can be pulled: this machine's own Node, the shared libraries
// that it needs, CA certificates and a passwd file. Linux only.
//
//   node scripts/base-image.mjs [TAG]
//
// Prints the tag. The same Node gives the same default tag, and an image that is there is left alone.
// INFRACTL_DOCKER chooses another container command than docker.
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Changes when the layout of the image changes. */
const LAYOUT = 1;
const LABEL = 'infractl.base';
const CERTIFICATES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
];
const docker = process.env.INFRACTL_DOCKER?.trim() || 'docker';

function refuse(message) {
  process.stderr.write(`base-image: ${message}\n`);
  process.exit(1);
}

/** Runs a command quietly; undefined when it fails or is not there. */
function ask(command, ...args) {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return undefined;
  }
}

/** Where each shared library of the binary is, under the path that the loader looks for. */
function librariesOf(binary) {
  const said = ask('ldd', binary);
  // A static binary needs none, and ldd says so with a failure.
  if (said === undefined) return [];
  const missing = /^\s*(\S+) => not found/m.exec(said);
  if (missing) refuse(`${binary} needs ${missing[1]}, which this machine does not have.`);
  return [...said.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map((found) => found[1]);
}

function fingerprint(files) {
  const sum = createHash('sha256').update(`layout ${LAYOUT}\n`);
  for (const [target, source] of files) {
    sum.update(`${target}\n`).update(createHash('sha256').update(readFileSync(source)).digest());
  }
  return sum.digest('hex');
}

function stage(folder, files) {
  for (const [target, source] of files) {
    const to = join(folder, target);
    mkdirSync(dirname(to), { recursive: true });
    copyFileSync(source, to);
    chmodSync(to, 0o755);
  }
  for (const path of ['tmp', 'var/task', 'root', 'etc']) mkdirSync(join(folder, path), { recursive: true });
  chmodSync(join(folder, 'tmp'), 0o1777);
  writeFileSync(
    join(folder, 'etc/passwd'),
    'root:x:0:0:root:/root:/sbin/nologin\nnode:x:1000:1000:node:/var/task:/sbin/nologin\nnobody:x:65534:65534:nobody:/:/sbin/nologin\n',
  );
  writeFileSync(join(folder, 'etc/group'), 'root:x:0:\nnode:x:1000:\nnogroup:x:65534:\n');
  writeFileSync(join(folder, 'etc/nsswitch.conf'), 'hosts: files dns\n');
}

/** `tar` into `docker import`: one layer, without a builder. */
async function load(folder, tag, mark) {
  const changes = [
    'ENV PATH=/usr/local/bin',
    'ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt',
    'WORKDIR /var/task',
    'CMD ["node"]',
    `LABEL ${LABEL}=${mark}`,
  ];
  const tar = spawn(
    'tar',
    [
      '--create',
      '--directory',
      folder,
      '--sort=name',
      '--mtime=@0',
      '--owner=0',
      '--group=0',
      '--numeric-owner',
      '.',
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const into = spawn(docker, ['import', ...changes.flatMap((change) => ['--change', change]), '-', tag], {
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  // An engine that refuses says why itself: the broken pipe is no news.
  into.stdin.on('error', () => {});
  tar.stdout.pipe(into.stdin);
  const ended = (child) =>
    new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', resolve);
    });
  const [packed, imported] = await Promise.all([ended(tar), ended(into)]);
  if (packed !== 0) refuse('the files could not be packed.');
  if (imported !== 0) refuse(`${docker} could not import the image.`);
}

if (process.platform !== 'linux') {
  refuse(
    'this machine is not Linux: its Node cannot run in a container. Use node:24-slim as the base image.',
  );
}
if (ask(docker, 'version') === undefined) {
  refuse(`no container engine answers to ${docker}. Install Docker, start it, or set INFRACTL_DOCKER.`);
}
const node = realpathSync(process.execPath);
const files = [['usr/local/bin/node', node]];
for (const library of librariesOf(node)) files.push([library.replace(/^\//, ''), realpathSync(library)]);
// Host names are looked up through a library that is loaded when it is needed.
for (const library of files.map(([target]) => target).filter((target) => /\/libc\.so\.6$/.test(target))) {
  for (const name of ['libnss_dns.so.2', 'libnss_files.so.2', 'libresolv.so.2']) {
    const beside = `/${join(dirname(library), name)}`;
    const known = files.some(([target]) => `/${target}` === beside);
    if (!known && existsSync(beside)) files.push([beside.slice(1), realpathSync(beside)]);
  }
}
const certificates = CERTIFICATES.find((file) => existsSync(file));
if (certificates) files.push(['etc/ssl/certs/ca-certificates.crt', realpathSync(certificates)]);
else
  process.stderr.write('base-image: no CA certificates on this machine; Node uses the ones built into it.\n');

const mark = fingerprint(files);
const tag =
  process.argv[2] ?? `infractl-base:node${process.versions.node}-${process.arch}-${mark.slice(0, 8)}`;
const there = ask(docker, 'image', 'inspect', '--format', `{{index .Config.Labels "${LABEL}"}}`, tag);
if (there?.trim() !== mark) {
  const folder = mkdtempSync(join(tmpdir(), 'infractl-base-'));
  try {
    stage(folder, files);
    await load(folder, tag, mark);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
process.stdout.write(`${tag}\n`);
