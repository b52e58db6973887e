// `node scripts/docs/tour.ts`: the tour of the README, typed word by word in a bare Debian that has Node and infractl
// installed of its package, then what infractl says to install; nothing of this clone is in it. What is printed is compared
// with what the README shows. Needs a container engine, after a build. `--keep NAME` leaves the container and goes on in it,
// `--from BLOCK` and `--to BLOCK` choose a part.
import { execFileSync } from 'node:child_process';
import { readFileSync, realpathSync, rmSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { root } from '../../test/helpers/cli.ts';
import { hostImage } from '../../test/helpers/host-image.ts';
import { baseImage, docker } from '../../test/helpers/images.ts';
import { filesIn, namesIn } from './blocks.ts';
import { Practice } from './practice.ts';
import { withNodeAlone } from './tour/bare.ts';
import { Container } from './tour/container.ts';
import { HostScene } from './tour/host-scene.ts';
import { missingIn, type Step, typedIn } from './tour/page.ts';
import { tourOf } from './tour/steps.ts';

const { values: chosen } = parseArgs({
  options: { keep: { type: 'string' }, from: { type: 'string' }, to: { type: 'string' } },
});
const readme = readFileSync(path.join(root, 'README.md'), 'utf8');

/** Everything of a step that is not as the page has it. */
async function faultsIn(step: Step, who: Container): Promise<string[]> {
  if ('file' in step) {
    who.put(step.file, filesIn(readme).get(step.file) ?? '');
    return [];
  }
  if ('by' in step) {
    await step.by(who);
    return [];
  }
  if ('words' in step) {
    const { code, text } = await who.type(step.does);
    return code === (step.exit ?? 0) ? [] : [`ended with ${code}:\n${text}`];
  }
  const faults: string[] = [];
  let printed = '';
  if (step.play) {
    printed = await step.play(who);
    const typed = new Set(printed.split('\n'));
    const untyped = typedIn(readme, step.block).filter((line) => !typed.has(`$ ${line}`));
    faults.push(...untyped.map((line) => `not typed: ${line}`));
  } else
    for (const [at, line] of typedIn(readme, step.block).entries()) {
      const { code, text } = await who.type(step.own ? await step.own(line, who) : line);
      const exit = step.exits?.[at] ?? 0;
      if (code !== exit) faults.push(`$ ${line}\nended with ${code}, not ${exit}`);
      printed += `${text}\n`;
    }
  const missing = missingIn(readme, step, printed);
  if (faults.length + missing.length > 0) faults.push(...missing, `--- it printed:\n${printed}`);
  return faults;
}

const nameOf = (step: Step) =>
  'block' in step ? step.block : 'file' in step ? step.file : `"${step.words.slice(0, 60)}"`;

/** Types what was chosen; the number of steps that went otherwise than the page says. */
async function walk(who: Container, steps: readonly Step[]): Promise<number> {
  let failed = 0;
  const at = (block: string | undefined, otherwise: number) => {
    const found = steps.findIndex((step) => 'block' in step && step.block === block);
    if (block !== undefined && found < 0) throw new Error(`the tour has no block ${block}`);
    return block === undefined ? otherwise : found;
  };
  const [from, to] = [at(chosen.from, 0), at(chosen.to, steps.length - 1)];
  // What is said before a block belongs to it.
  let first = from;
  while (first > 0 && !('block' in (steps[first - 1] as Step))) first--;
  for (const step of steps.slice(chosen.from ? first : 0, to + 1)) {
    const begun = performance.now();
    const faults = await faultsIn(step, who).catch((error: Error) => [error.message]);
    const seconds = ((performance.now() - begun) / 1000).toFixed(1);
    process.stdout.write(`${faults.length === 0 ? '✓' : '✗'} ${nameOf(step)}  ${seconds} s\n`);
    for (const fault of faults) process.stdout.write(`    ${fault.replaceAll('\n', '\n    ')}\n`);
    if (faults.length > 0) failed++;
  }
  return failed;
}

async function machine(): Promise<Container> {
  const image = await hostImage();
  return Container.start(image, { BASE_IMAGE: baseImage(), INFRACTL_MACHINE_IMAGE: image }, chosen.keep);
}

const begun = performance.now();
const host = new HostScene();
let failed = 0;
if (chosen.keep && chosen.from) {
  const who = Container.again(chosen.keep);
  failed = await walk(who, tourOf(host, new Practice(who))).finally(() => host.remove());
} else {
  const packed = JSON.parse(
    execFileSync('npm', ['pack', '--ignore-scripts', '--json', '--loglevel=silent'], {
      cwd: root,
      encoding: 'utf8',
    }),
  ) as { filename: string }[];
  const tarball = Object.values(packed)[0]?.filename ?? '';
  const who = await machine();
  try {
    const npm = realpathSync(execFileSync('sh', ['-c', 'command -v npm'], { encoding: 'utf8' }).trim());
    who.copy(process.execPath, '/usr/local/bin/node');
    who.copy(path.dirname(path.dirname(npm)), '/usr/local/lib/npm');
    who.copy(path.join(root, tarball), `/root/${tarball}`);
    failed = await withNodeAlone(who, tarball);
    who.copy(docker, '/usr/local/bin/docker');
    failed += await walk(who, tourOf(host, new Practice(who)));
  } finally {
    if (!chosen.keep) who.remove();
    host.remove();
    rmSync(path.join(root, tarball));
  }
}
const minutes = ((performance.now() - begun) / 60_000).toFixed(1);
process.stdout.write(
  failed === 0
    ? `The tour runs as it is written: ${namesIn(readme).length} blocks (${minutes} min).\n`
    : `${failed} steps went otherwise (${minutes} min).\n`,
);
process.exitCode = failed === 0 ? 0 : 1;
