import { InfractlError } from '../base/errors.ts';
import { type DrillHost, drillTags, type Proof, unreadable, type VerifyDeps } from './drill.ts';
import { DRILL_SCRIPT, readDrill } from './drill-script.ts';
import type { VolumeFacts } from './port.ts';
import type { Snapshot } from './types.ts';

const POLL = 3_000;
const PATIENCE = 15 * 60_000;

/** Attaches a volume of the snapshot to the host, has its file systems checked and read there, and takes it away. */
export async function volumeDrill(deps: VerifyDeps, host: DrillHost, snapshot: Snapshot): Promise<Proof> {
  const port = await deps.restore();
  const { instance } = host;
  const volume = await port.createVolume({
    snapshot: snapshot.id,
    zone: instance.zone,
    like: undefined,
    tags: { ...drillTags(deps), Name: `infractl drill of ${snapshot.id}` },
    token: `infractl-drill-${snapshot.id}-${deps.clock.now()}`,
  });
  try {
    await waitFor(deps, volume, (facts) => facts?.state === 'available');
    const taken = new Set(instance.volumes.map(({ device }) => device.slice(-1)));
    const letter = [...'ponmlkjihgf'].find((one) => !taken.has(one)) ?? 'p';
    await port.attachVolume(volume, instance.id, `/dev/sd${letter}`);
    await waitFor(deps, volume, (facts) => facts?.attached?.state === 'attached');
    const shell = await host.open();
    const argv = ['sh', '-s', volume.replace('-', ''), letter] as const;
    const { exitCode, stdout, stderr } = await shell.run({
      argv,
      sudo: true,
      input: DRILL_SCRIPT,
      timeout: PATIENCE,
      signal: deps.signal,
    });
    const said = readDrill(stdout);
    if (exitCode !== 0 || said.digest === undefined)
      throw unreadable(
        snapshot,
        (stderr.trim() || stdout.trim()).split('\n').slice(-2).join(' ') ||
          `the check ended with ${exitCode}`,
      );
    return { detail: said.words, digest: said.digest };
  } finally {
    await removeVolume(deps, volume);
  }
}

/** Takes a drill's volume away, also after Ctrl-C: it costs money until it is gone. */
export async function removeVolume(
  { unhurried, clock }: Pick<VerifyDeps, 'unhurried' | 'clock'>,
  volume: string,
): Promise<void> {
  const { ebs, restore } = unhurried;
  const port = await restore();
  await port.detachVolume(volume);
  await waitFor({ ebs, clock }, volume, (facts) => !facts || /^(available|error)$/.test(facts.state));
  await port.deleteVolume(volume);
}

async function waitFor(
  { ebs, clock, signal }: Pick<VerifyDeps, 'ebs' | 'clock'> & { readonly signal?: AbortSignal },
  volume: string,
  done: (facts: VolumeFacts | undefined) => boolean,
): Promise<void> {
  const until = clock.now() + PATIENCE;
  for (;;) {
    const [facts] = await ebs.volumes({ ids: [volume] });
    if (done(facts)) return;
    if (clock.now() >= until)
      throw new InfractlError({
        code: 'DrillTimeout',
        message: `The volume ${volume} of the drill did not become ready.`,
        exit: 7,
      });
    await clock.sleep(POLL, signal);
  }
}
