/** Starting and stopping on time. Pure: the stack that does it is deployed by who calls. */
export { type Schedule, type ScheduledTarget, schedulesOf, scheduleTemplate } from './template.ts';
export { checkTimezone, dayBegins, parseWhen, type When, writtenWhen } from './when.ts';
