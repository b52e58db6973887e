/** What was said on the command line; nothing of it means everything of the environment. */
export interface TargetChoice {
  readonly hosts: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
  readonly ids: readonly string[];
  /** Of several ids those that are not there any more are left out. */
  readonly skipGone?: boolean;
}

export const isWhole = ({ hosts, tags, ids }: TargetChoice) =>
  hosts.length === 0 && ids.length === 0 && Object.keys(tags).length === 0;
