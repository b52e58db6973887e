import { hostname, userInfo } from 'node:os';

/** This machine and its user, for records that others read. */
export function machine(): { readonly host: string; readonly user: string } {
  try {
    return { host: hostname(), user: userInfo().username };
  } catch {
    // A container may run as a user id that has no name.
    return { host: hostname(), user: String(process.getuid?.() ?? 'unknown') };
  }
}
