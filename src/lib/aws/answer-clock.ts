/** The little of an SDK client that is touched here. */
interface Answering {
  readonly middlewareStack: {
    add(
      // biome-ignore lint/suspicious/noExplicitAny: each client has input and output types of its own
      middleware: (next: (args: any) => Promise<any>) => (args: any) => Promise<any>,
      options: { readonly step: 'deserialize'; readonly priority: 'low'; readonly name: string },
    ): void;
  };
}

/** Tells of the `Date` that each answer of AWS carries, in milliseconds since 1970. The client is as it was. */
export function dated<C extends Answering>(client: C, onDate: (aws: number) => void): C {
  client.middlewareStack.add(
    (next) => async (args) => {
      const answer = await next(args);
      const date = Date.parse(answer.response?.headers?.date ?? '');
      if (Number.isFinite(date)) onDate(date);
      return answer;
    },
    { step: 'deserialize', priority: 'low', name: 'infractlDate' },
  );
  return client;
}
