/** What infractl's work depends on, looked at and judged. */
export {
  judgeAccount,
  judgeClock,
  judgeCredentials,
  judgeDisk,
  judgeNode,
  judgePermissions,
  judgeTool,
} from './judge.ts';
export { freeSpace, versionOf } from './machine.ts';
export { neededActions, principalOf } from './permissions.ts';
export type { Checkup, Judged, Needs, PermissionsPort } from './types.ts';
