import { duration } from '../../base/text.ts';
import type { LockState } from '../../deploy/index.ts';
import type { Paint } from '../terminal.ts';
import type { View } from './view.ts';

type Held = Extract<LockState, { held: true }>;

/** Whose lock is to be broken; said before it is. */
export function lockLines(lock: Held, paint: Paint): string {
  const sign = lock.age === undefined ? '' : `Its last sign of life was ${duration(lock.age)} ago.`;
  const end = lock.dead ? ' It is dead: the next command takes the lock over by itself.' : '';
  return [`${paint('bold', 'Locked')} by ${lock.holder}.`, ...(sign ? [`${sign}${end}`] : [])].join('\n');
}

/** `free`: nobody held it. `over`: its owner gave it back before it could be broken. */
export function unlockView(name: string, lock: LockState, outcome: 'broken' | 'free' | 'over'): View {
  const record = lock.held ? lock.record : undefined;
  return {
    json: {
      environment: name,
      outcome,
      owner: record ? { ...record.owner, since: record.since } : null,
    },
    text: (ui) =>
      outcome === 'broken'
        ? `${ui.paint('green', 'Broken')}: the lock of ${name} is free.`
        : outcome === 'free'
          ? `Nothing to do: nobody holds the lock of ${name}.`
          : `Nothing to do: the lock of ${name} was given back meanwhile.`,
  };
}
