/** The crontab of the user of this machine: lines of ours beside all others. */
export {
  type CronLine,
  cronLine,
  glanceAtCrontab,
  marksOf,
  noCron,
  readCrontab,
  withLine,
  withoutLine,
  writeCrontab,
} from './crontab.ts';
export { type Machine, runBare, thisMachine } from './machine.ts';
export { tryLine } from './trial.ts';
export { cronCommand, shellLine } from './words.ts';
