import { InfractlError, Interrupted, isInfractlError, UsageError } from '../base/errors.ts';
import { devicesOf } from './catalogue.ts';
import type { InstanceFacts, RestorePort } from './port.ts';
import type { RestoreDeps as Deps, Restored, RestorePlan } from './restore-plan.ts';
import { restoreRoot } from './restore-root.ts';
import { cameToNothing, tagsFor, tokenFor, waitUntil } from './restore-steps.ts';
import { type Snapshot, TAG } from './types.ts';

/** An instance that will not run any more. */
const ENDED = /^(shutting-down|terminated)$/;
/** Milliseconds, between looks for what may be gone. */
const LAG = 3_000;
const LOOKS = 5;
/** How often what was made may have been deleted again. */
const TURNS = 9;
/** A restore that has come to one of these comes to nothing else. */
const HOPELESS = /^(failed|deleting|incompatible-.*|restore-error|inaccessible-encryption-credentials)$/;

/** Does what was planned. Run again after an interruption, it goes on with what it had made. */
export async function carryOutRestore(deps: Deps, plan: RestorePlan): Promise<Restored> {
  try {
    return await carriedOut(deps, plan);
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    throw new Interrupted('Interrupted. AWS goes on with what was begun.', [
      'Run the same command again: it goes on with what was made.',
    ]);
  }
}

async function carriedOut(deps: Deps, plan: RestorePlan): Promise<Restored> {
  const until = deps.clock.now() + plan.order.timeout;
  if (plan.order.to === 'database') return restoreDatabase(deps, plan, until);
  const port = await deps.restore();
  if (plan.order.to === 'root') return restoreRoot(deps, port, plan, until);
  if (plan.order.to === 'instance') return restoreInstance(deps, port, plan, until);
  return restoreVolumes(deps, port, plan, until);
}

async function restoreVolumes(
  deps: Deps,
  port: RestorePort,
  plan: RestorePlan,
  until: number,
): Promise<Restored> {
  const { instance, zone, order } = plan;
  const originals = await deps.ebs.volumes({ ids: plan.snapshots.map(({ source }) => source) });
  const made: string[] = [];
  for (const snapshot of plan.snapshots) {
    const like = originals.find(({ id }) => id === snapshot.source);
    const tags = { ...tagsFor(deps, order.backup), Name: `restored ${snapshot.source}` };
    const make = (token: string) =>
      port.createVolume({ snapshot: snapshot.id, zone, like, tags, token: tokenFor(order, token) });
    const before = async () =>
      (await deps.ebs.volumes({ tags })).find(
        (one) =>
          one.madeOf === snapshot.id &&
          one.zone === zone &&
          (one.attached?.instance ?? instance?.id) === instance?.id &&
          !/^delet/.test(one.state),
      )?.id;
    made.push(await volumeOf(deps, `${snapshot.id} ${zone}`, make, before));
  }
  await waitUntil(deps, until, 'the volumes', async () => {
    const now = await deps.ebs.volumes({ ids: made });
    const broken = now.find(({ state }) => state === 'error');
    if (broken)
      throw cameToNothing(
        `the volume ${broken.id}`,
        broken.state,
        'May the key of the snapshot be used here?',
      );
    return now.filter(({ state }) => state === 'available' || state === 'in-use').length === made.length;
  });
  const details = new Map<string, string>();
  if (instance) {
    const devices = freeDevices(instance);
    for (const id of made) {
      const [now] = await deps.ebs.volumes({ ids: [id] });
      const device = now?.attached?.device ?? devices.shift() ?? '/dev/sdz';
      if (!now?.attached) await port.attachVolume(id, instance.id, device);
      details.set(id, `on ${instance.id} as ${device}`);
    }
    await waitUntil(deps, until, 'the attachment', async () =>
      (await deps.ebs.volumes({ ids: made })).every(({ attached }) => attached?.state === 'attached'),
    );
  }
  return {
    made: made.map((id) => ({ kind: 'volume', id, detail: details.get(id) ?? `in ${zone}, not attached` })),
    kept: [],
    wayBack: made.flatMap((id) => [
      ...(instance
        ? [`aws ec2 detach-volume --volume-id ${id}`, `aws ec2 wait volume-available --volume-ids ${id}`]
        : []),
      `aws ec2 delete-volume --volume-id ${id}`,
    ]),
  };
}

/** A token that was used before gives the volume of then, also where somebody has deleted that since. */
async function volumeOf(
  deps: Deps,
  what: string,
  make: (token: string) => Promise<string>,
  before: () => Promise<string | undefined>,
): Promise<string> {
  for (let turn = 0; ; turn++) {
    const id = await make(turn === 0 ? what : `${what} ${turn}`).catch((error: unknown) => {
      // The original has changed since a run that was cut off: AWS knows the token with another order.
      if (turn < TURNS && isInfractlError(error) && error.code === 'IdempotentParameterMismatch')
        return before();
      throw error;
    });
    if (id !== undefined && (turn === TURNS || (await isThere(deps, id)))) return id;
  }
}

/** A list that lags behind does not know a new one yet. */
async function isThere(deps: Deps, id: string): Promise<boolean> {
  for (let look = 0; look < LOOKS; look++) {
    if (look > 0) await deps.clock.sleep(LAG, deps.signal);
    const [now] = await deps.ebs.volumes({ ids: [id] });
    if (now) return !/^delet/.test(now.state);
  }
  return false;
}

async function restoreInstance(
  deps: Deps,
  port: RestorePort,
  plan: RestorePlan,
  until: number,
): Promise<Restored> {
  const like = plan.instance as InstanceFacts;
  const { backup } = plan.order;
  const tags = tagsFor(deps, backup);
  const devices = devicesOf(backup);
  const name = plan.order.name ?? `${like.name ?? like.id}-restored`;
  const imageName = `infractl-restore-${backup.id}-${backup.subject}`;
  const named = { ...tags, Name: name };
  // An earlier run may have come as far as this, and have taken its image away.
  const [there] = (await deps.ebs.instances({ tags: named })).filter(({ state }) => !ENDED.test(state));
  let id = there?.id ?? '';
  if (!there) {
    const image = await port.registerImage({
      name: imageName,
      architecture: like.architecture ?? 'x86_64',
      bootMode: like.bootMode,
      rootDevice: like.rootDevice ?? '/dev/xvda',
      devices: plan.snapshots.map(({ id: snapshot, source }) => ({
        device: deviceOf(plan, devices, source),
        snapshot,
      })),
      tags,
    });
    await waitUntil(deps, until, `the image ${image}`, async () => {
      const state = await port.imageState(image);
      if (/^(failed|error|invalid)$/.test(state)) throw cameToNothing(`the image ${image}`, state, '');
      return state === 'available';
    });
    const token = tokenFor(plan.order, `${image} ${name}`);
    id = await port.runInstance({ image, like, tags: named, token });
  }
  await waitUntil(deps, until, `the instance ${id}`, async () => {
    const [now] = await deps.ebs.instances({ ids: [id] });
    if (now && ENDED.test(now.state)) {
      await port.forgetImage(imageName);
      throw cameToNothing(`the instance ${id}`, now.state, 'May the key of its disks be used here?');
    }
    // One that was made before may have been stopped since.
    return now?.state === 'running' || (there !== undefined && now?.state === 'stopped');
  });
  // A running instance does not need its image; while it is there the snapshots cannot be cleaned up.
  await port.forgetImage(imageName);
  const [made] = await deps.ebs.instances({ ids: [id] });
  // Its root goes with it; other disks stay until somebody deletes them.
  const disks = (made?.volumes ?? []).filter(({ device }) => device !== made?.rootDevice);
  return {
    made: [{ kind: 'instance', id, detail: `${name}, ${like.type} in ${like.zone}` }],
    kept: [`${like.id} as it was`],
    wayBack: [
      `aws ec2 terminate-instances --instance-ids ${id}`,
      ...(disks.length > 0 ? [`aws ec2 wait instance-terminated --instance-ids ${id}`] : []),
      ...disks.map((disk) => `aws ec2 delete-volume --volume-id ${disk.id}`),
    ],
  };
}

function deviceOf(plan: RestorePlan, devices: ReadonlyMap<string, string>, source: string): string {
  const device = devices.get(source) ?? plan.instance?.volumes.find(({ id }) => id === source)?.device;
  if (device) return device;
  throw new InfractlError({
    code: 'DeviceUnknown',
    message: `The backup ${plan.order.backup.id} does not say which device ${source} was.`,
    suggestions: ['Restore its volumes, and attach each where it belongs: --to volume'],
  });
}

async function restoreDatabase(deps: Deps, plan: RestorePlan, until: number): Promise<Restored> {
  const rds = await deps.rds();
  const { backup, name = '' } = plan.order;
  const snapshot = plan.snapshots[0] as Snapshot;
  const [like] = await rds.databases({ ids: [backup.subject] });
  const tags = tagsFor(deps, backup);
  const begun = await rds.restoreDatabase({ snapshot: snapshot.id, name, like, tags });
  const [there] = await rds.databases({ ids: [name] });
  const mine = there?.tags[TAG.backup] === backup.id && there.tags[TAG.subject] === backup.subject;
  if (!begun && !mine) {
    throw new UsageError({
      code: 'NameTaken',
      message: `There is an RDS instance ${name}, which was not made of this backup.`,
      suggestions: ['Give another name: --name NAME'],
    });
  }
  await waitUntil(deps, until, `the RDS instance ${name}`, async () => {
    const state = (await rds.databases({ ids: [name] }))[0]?.state;
    if (state && HOPELESS.test(state)) throw cameToNothing(`the RDS instance ${name}`, state, '');
    return state === 'available';
  });
  const [now] = await rds.databases({ ids: [name] });
  return {
    made: [{ kind: 'database', id: name, detail: now?.endpoint ?? '' }],
    kept: [`${backup.subject} as it was`],
    wayBack: [`aws rds delete-db-instance --db-instance-identifier ${name} --skip-final-snapshot`],
  };
}

/** Names that Linux and Windows both take, from the end of the alphabet: the beginning is the image's. */
function freeDevices({ volumes }: InstanceFacts): string[] {
  const taken = new Set(volumes.map(({ device }) => device.replace(/^\/dev\/(sd|xvd)/, '')));
  return [...'fghijklmnop'].filter((letter) => !taken.has(letter)).map((letter) => `/dev/sd${letter}`);
}
