// biome-ignore lint/suspicious/noExplicitAny: each client has input and output types of its own
type Send = (args: any) => Promise<any>;

/** The little of an SDK client that is touched to be around each attempt of its requests. */
export interface Attempting {
  readonly middlewareStack: {
    addRelativeTo(
      // biome-ignore lint/suspicious/noExplicitAny: what a client knows of a request is its own
      middleware: (next: Send, context: any) => Send,
      options: {
        readonly relation: 'after';
        readonly toMiddleware: 'retryMiddleware';
        readonly name: string;
        readonly override: boolean;
      },
    ): void;
  };
}

/**
 * Puts something around each attempt of every request of a client, inside the SDK's retries.
 *
 * @param name a second one of the same name takes the place of the first
 */
export function aroundAttempts<C extends Attempting, Context>(
  client: C,
  name: string,
  around: (next: Send, context: Context) => Send,
): C {
  client.middlewareStack.addRelativeTo(around, {
    relation: 'after',
    toMiddleware: 'retryMiddleware',
    name,
    override: true,
  });
  return client;
}
