import {
  EBSClient,
  GetSnapshotBlockCommand,
  ListChangedBlocksCommand,
  ListSnapshotBlocksCommand,
} from '@aws-sdk/client-ebs';
import type { BlocksPort } from '../backups/port.ts';
import { call } from './call.ts';
import { paced, pacingOf } from './pacing.ts';
import type { AwsSession } from './session.ts';
import { traced } from './trace.ts';

/** The most blocks that a list gives at once. */
const PAGE = 10_000;

/** The direct APIs of EBS, for `lib/backups`. */
export function blocksPort(session: AwsSession, signal?: AbortSignal): BlocksPort {
  const client = traced(paced(new EBSClient(session.config), pacingOf(session, 'ebs')), session);
  const options = signal ? { abortSignal: signal } : {};
  const ask = <T>(action: string, send: () => Promise<T>) => call(session, action, send, signal);
  return {
    async *list(SnapshotId) {
      let NextToken: string | undefined;
      do {
        const answer = await ask('ebs:ListSnapshotBlocks', () =>
          client.send(new ListSnapshotBlocksCommand({ SnapshotId, MaxResults: PAGE, NextToken }), options),
        );
        yield (answer.Blocks ?? []).map(({ BlockIndex = 0, BlockToken = '' }) => ({
          index: BlockIndex,
          token: BlockToken,
        }));
        NextToken = answer.NextToken;
      } while (NextToken);
    },
    async *changed(FirstSnapshotId, SecondSnapshotId) {
      let NextToken: string | undefined;
      do {
        const answer = await ask('ebs:ListChangedBlocks', () =>
          client.send(
            new ListChangedBlocksCommand({ FirstSnapshotId, SecondSnapshotId, MaxResults: PAGE, NextToken }),
            options,
          ),
        );
        // One that only the first has takes no room in the second.
        yield (answer.ChangedBlocks ?? []).filter(({ SecondBlockToken }) => SecondBlockToken).length;
        NextToken = answer.NextToken;
      } while (NextToken);
    },
    async read(SnapshotId, { index, token }) {
      return ask('ebs:GetSnapshotBlock', async () => {
        const answer = await client.send(
          new GetSnapshotBlockCommand({ SnapshotId, BlockIndex: index, BlockToken: token }),
          options,
        );
        const bytes = (await answer.BlockData?.transformToByteArray()) ?? new Uint8Array();
        return { bytes, checksum: answer.Checksum ?? '' };
      });
    },
  };
}
