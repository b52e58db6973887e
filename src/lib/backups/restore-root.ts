import { InfractlError } from '../base/errors.ts';
import { devicesOf } from './catalogue.ts';
import type { InstanceFacts, RestorePort } from './port.ts';
import type { RestoreDeps, Restored, RestoreOrder, RestorePlan } from './restore-plan.ts';
import { noSource, tagsFor, tokenFor, waitUntil } from './restore-steps.ts';
import { type Snapshot, TAG } from './types.ts';

/**
 * What it would do to put a snapshot in place of the root volume of an instance. Asks AWS, changes nothing.
 *
 * @throws InfractlError `NoSuchSource`, `RootNeedsOriginal`, `InstanceNotRunning`
 */
export async function planRoot(
  deps: RestoreDeps,
  order: RestoreOrder,
  instance: InstanceFacts,
  lasting: readonly Snapshot[],
): Promise<RestorePlan> {
  const { backup } = order;
  const root = rootOf(instance)?.id;
  const devices = devicesOf(backup);
  const snapshot =
    lasting.find((one) => one.source === root) ??
    lasting.find((one) => devices.get(one.source) === instance.rootDevice);
  if (!snapshot) throw noSource(backup, `the root volume of ${instance.id}`);
  if (snapshot.tags[TAG.copiedFrom]) {
    throw new InfractlError({
      code: 'RootNeedsOriginal',
      message: `${snapshot.id} is a copy: AWS replaces a root volume only by a snapshot taken of it.`,
      suggestions: [
        'Restore it as an instance: --to instance',
        'Or as a volume beside it: --to volume --attach INSTANCE',
      ],
    });
  }
  const shared = {
    order: { ...order, instance: instance.id },
    adds: { gib: snapshot.sizeGiB, kind: 'volume' as const },
    instance,
    snapshots: [snapshot],
    zone: instance.zone,
  };
  const named = `${instance.id}${instance.name ? ` (${instance.name})` : ''}`;
  const already = order.again ? undefined : await madeBefore(deps, instance, snapshot);
  if (already) {
    const steps = [`The root volume of ${named} is made of ${snapshot.id} already.`];
    return { ...shared, steps, howLong: 'no time', confirm: undefined, already };
  }
  if (instance.state !== 'running') {
    throw new InfractlError({
      code: 'InstanceNotRunning',
      message: `${instance.id} is ${instance.state}: its root volume can be replaced only while it runs.`,
      suggestions: ['Start it, then run the same command again.'],
    });
  }
  return {
    ...shared,
    steps: [
      `Replaces the root volume of ${named} by ${snapshot.id}. It reboots.`,
      `The volume ${root} of now is kept, detached.`,
    ],
    howLong: 'a few minutes, in which the instance does not answer',
    confirm: instance.name ?? instance.id,
  };
}

/** Puts the snapshot in place of the root volume: EC2 CreateReplaceRootVolumeTask. What was there is kept. */
export async function restoreRoot(
  deps: RestoreDeps,
  port: RestorePort,
  plan: RestorePlan,
  until: number,
): Promise<Restored> {
  const instance = plan.instance as InstanceFacts;
  const snapshot = plan.snapshots[0] as Snapshot;
  const old = rootOf(instance);
  const tags = tagsFor(deps, plan.order.backup);
  // The old root is part of the token: after it was replaced, the same words mean another replacement.
  const token = tokenFor(plan.order, `${instance.id} ${snapshot.id} ${old?.id}`);
  const task = await port.replaceRoot({ instance: instance.id, snapshot: snapshot.id, tags, token });
  await waitUntil(deps, until, `the task ${task}`, async () => {
    const state = await port.rootTask(task);
    if (state.startsWith('failed')) throw notReplaced(instance, state);
    return state === 'succeeded';
  });
  const [now] = await deps.ebs.instances({ ids: [instance.id] });
  return replaced(instance, (now && rootOf(now)?.id) ?? '', old?.id);
}

const rootOf = ({ volumes, rootDevice }: InstanceFacts) =>
  volumes.find(({ device }) => device === rootDevice);

/** What was made by a run that did not live to say so, or that somebody has forgotten. */
async function madeBefore(
  deps: RestoreDeps,
  instance: InstanceFacts,
  snapshot: Snapshot,
): Promise<Restored | undefined> {
  const root = rootOf(instance)?.id;
  if (root === undefined) return undefined;
  const volumes = await deps.ebs.volumes({ ids: [root, snapshot.source] });
  if (volumes.find(({ id }) => id === root)?.madeOf !== snapshot.id) return undefined;
  const before = volumes.find(({ id, attached }) => id !== root && !attached);
  return replaced(instance, root, before?.id);
}

function replaced(
  { id: instance, rootDevice }: InstanceFacts,
  fresh: string,
  old: string | undefined,
): Restored {
  return {
    made: [{ kind: 'volume', id: fresh, detail: `the root volume of ${instance}` }],
    kept: old ? [`${old}, the root volume that was replaced`] : [],
    wayBack: old
      ? [
          `aws ec2 stop-instances --instance-ids ${instance}`,
          `aws ec2 wait instance-stopped --instance-ids ${instance}`,
          `aws ec2 detach-volume --volume-id ${fresh}`,
          `aws ec2 wait volume-available --volume-ids ${fresh}`,
          `aws ec2 attach-volume --instance-id ${instance} --volume-id ${old} --device ${rootDevice}`,
          `aws ec2 wait volume-in-use --volume-ids ${old}`,
          `aws ec2 start-instances --instance-ids ${instance}`,
        ]
      : [],
  };
}

function notReplaced(instance: InstanceFacts, state: string): InfractlError {
  const old = rootOf(instance);
  const without = state === 'failed-detached';
  return new InfractlError({
    code: 'RootNotReplaced',
    message: `AWS could not replace the root volume of ${instance.id}: ${state}.`,
    why: without ? 'The instance has no root volume now.' : 'The instance has its old root volume.',
    suggestions:
      without && old
        ? [
            `Put the old one back: aws ec2 attach-volume --instance-id ${instance.id} --volume-id ${old.id} --device ${old.device}`,
          ]
        : ['Look at the instance, then try again.'],
  });
}
