import type { Holding } from './destroy-survey.ts';
import { beforeChanges } from './guard.ts';
import type { Services } from './services.ts';
import type { DeployContext } from './types.ts';

type Place = Pick<DeployContext, 'session' | 'clock' | 'signal' | 'reporter'>;

/**
 * Empties what must be empty before its stack can be deleted, one after the other. Cut off, it goes on when it
 * is run again.
 *
 * @param beforeChange called before each call that deletes something
 * @returns how many objects and images are gone
 * @throws InfractlError of `emptyBucket` and `emptyRepository`
 */
export async function emptyHoldings(
  context: Place,
  services: Services,
  holdings: readonly Holding[],
  beforeChange: () => Promise<void>,
): Promise<number> {
  let count = 0;
  for (const holding of holdings)
    count +=
      holding.kind === 'bucket'
        ? await emptied(context, holding, beforeChange)
        : await withoutImages(services, holding);
  return count;
}

async function emptied(
  { session, clock, signal, reporter }: Place,
  { part, name, count, more }: Holding,
  beforeChange: () => Promise<void>,
): Promise<number> {
  const [{ emptyBucket }, { bucketsPort }, { account }] = await Promise.all([
    import('../buckets/index.ts'),
    import('../aws/bucket-emptying.ts'),
    session.identity(),
  ]);
  const port = beforeChanges(bucketsPort(session, account), ['remove'], beforeChange);
  return emptyBucket({ port, clock, signal }, name, (done) =>
    reporter.emit({
      type: 'part.status',
      part,
      status: `emptying ${name}, ${done} of ${count}${more ? ' or more' : ''}`,
    }),
  );
}

async function withoutImages(services: Services, { part, name }: Holding): Promise<number> {
  const [{ emptyRepository }, deps] = await Promise.all([import('../images/index.ts'), services.images()]);
  deps.reporter.emit({ type: 'part.status', part, status: `emptying ${name}` });
  return emptyRepository(deps, { uri: name, host: '', name });
}
