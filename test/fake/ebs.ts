import { createHash } from 'node:crypto';
import { BLOCK, type FakeSnapshot } from './ebs-state.ts';
import type { Context, HttpRequest, Service } from './server.ts';
import { FakeError, page } from './wire.ts';

/** The direct APIs of EBS, version 2019-11-02: the blocks of snapshots. REST with JSON. */
export const ebs: Service = {
  name: 'ebs',
  read(request) {
    const [, , id = '', kind = '', index] = request.url.pathname.split('/');
    const action =
      kind === 'changedblocks' ? 'ListChangedBlocks' : index ? 'GetSnapshotBlock' : 'ListSnapshotBlocks';
    return { action, parameters: { id, index, ...Object.fromEntries(request.url.searchParams) } };
  },
  handle(action, p, context, _request: HttpRequest) {
    const one = snapshot(String(p.id), context);
    if (action === 'GetSnapshotBlock') {
      const bytes = one.blocks.get(Number(p.index));
      if (!bytes || p.blockToken !== tokenOf(one, Number(p.index)))
        throw new FakeError('ValidationException', 'The block token is invalid.');
      const checksum = context.state.ebs.spoilt.has(one.id) ? 'spoilt' : bytes;
      return {
        status: 200,
        headers: {
          'content-type': 'application/octet-stream',
          'x-amz-data-length': String(BLOCK),
          'x-amz-checksum': createHash('sha256').update(checksum).digest('base64'),
          'x-amz-checksum-algorithm': 'SHA256',
        },
        body: bytes,
      };
    }
    const size = Math.min(Number(p.maxResults ?? 100), context.state.ebs.blocksPerPage);
    const all =
      action === 'ListChangedBlocks'
        ? changed(snapshot(String(p.firstSnapshotId), context), one)
        : blocks(one);
    const { items, next } = page(all, p.pageToken, size);
    const list = action === 'ListChangedBlocks' ? { ChangedBlocks: items } : { Blocks: items };
    return json({ ...list, NextToken: next, BlockSize: BLOCK, VolumeSize: one.sizeGiB });
  },
  fail: (error) => ({
    status: error.status,
    headers: { 'content-type': 'application/json', 'x-amzn-errortype': error.code },
    body: JSON.stringify({ Message: error.message }),
  }),
};

const json = (body: object) => ({
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

const tokenOf = (one: FakeSnapshot, index: number) => Buffer.from(`${one.id} ${index}`).toString('base64');

const blocks = (one: FakeSnapshot) =>
  [...one.blocks.keys()]
    .sort((a, b) => a - b)
    .map((BlockIndex) => ({ BlockIndex, BlockToken: tokenOf(one, BlockIndex) }));

function changed(first: FakeSnapshot, second: FakeSnapshot): object[] {
  const all = [...new Set([...first.blocks.keys(), ...second.blocks.keys()])].sort((a, b) => a - b);
  return all
    .filter((at) => {
      const [a, b] = [first.blocks.get(at), second.blocks.get(at)];
      return !(a && b && a.equals(b));
    })
    .map((BlockIndex) => ({
      BlockIndex,
      ...(first.blocks.has(BlockIndex) ? { FirstBlockToken: tokenOf(first, BlockIndex) } : {}),
      ...(second.blocks.has(BlockIndex) ? { SecondBlockToken: tokenOf(second, BlockIndex) } : {}),
    }));
}

function snapshot(id: string, context: Context): FakeSnapshot {
  const found = context.state.ebs.snapshots.get(id);
  if (!found || found.region !== context.region)
    throw new FakeError('ResourceNotFoundException', `The snapshot '${id}' does not exist.`, 404);
  return found;
}
