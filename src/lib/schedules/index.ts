/** Starting and stopping on time. Pure: the stack or the crontab that does it is changed by who calls. */
export {
  type CronOwner,
  cronLines,
  cronMarks,
  scheduledCommand,
  schedulesOfCrontab,
} from './crontab.ts';
export { type Schedule, type ScheduledTarget, schedulesOf, scheduleTemplate } from './template.ts';
export { checkTimezone, dayBegins, offsetAt, parseWhen, type When, writtenWhen } from './when.ts';
