/**
 * The same port, with something done before each call of it that changes AWS. One place for what must
 * come before any change: the journal's first line, and the refusal of a dry run.
 */
export function beforeChanges<P extends object>(
  port: P,
  changing: readonly (keyof P)[],
  before: (call: string) => Promise<void>,
): P {
  const names = new Set<PropertyKey>(changing);
  return new Proxy(port, {
    get(target, name, receiver) {
      const member: unknown = Reflect.get(target, name, receiver);
      if (typeof member !== 'function') return member;
      if (!names.has(name)) return member.bind(target);
      return async (...args: unknown[]) => {
        await before(String(name));
        return member.apply(target, args);
      };
    },
  });
}
