/** A stack as the commands of infractl name it. */
export interface Target {
  /** The part's name in messages: `stack app`. */
  readonly part: string;
  /** The flags that lead a further command to the same place, each after a space: ` --env prod`. */
  readonly where?: string | undefined;
}

/** A command on a stack as it would be typed: `infractl attach app --env prod`. */
export function typed(
  command: 'attach' | 'cancel' | 'explain' | 'events',
  { part, where = '' }: Target,
): string {
  return `infractl ${command} ${part.replace(/^stack /, '')}${where}`;
}
