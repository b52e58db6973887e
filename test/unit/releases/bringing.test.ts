import { inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { InfractlError } from '../../../src/lib/base/errors.ts';
import { Bringing, type BringingDeps } from '../../../src/lib/releases/bringing.ts';
import { until } from '../../helpers/until.ts';

const UPLOAD = '/srv/app/upload';
const FILES = [
  { path: 'app.py', executable: false },
  { path: 'run ä', executable: true },
];

/** A conversation, and what the host has read so far. */
function begin(sync: BringingDeps['sync'], archive = async (): Promise<Uint8Array> => Buffer.from('zip')) {
  const said: string[] = [];
  const parcel = { folder: '/code', files: FILES, sha256: 'f'.repeat(64), dirty: false, archive };
  const bringing = new Bringing({ sync, parcel, say: (text) => said.push(text) }, Buffer.from('order\n'));
  let read = Buffer.alloc(0);
  let ended = false;
  bringing.words.on('data', (piece: Buffer) => {
    read = Buffer.concat([read, piece]);
  });
  bringing.words.on('end', () => {
    ended = true;
  });
  const answer = async () => {
    const text = await until(() => read.subarray('order\n'.length).includes('\n') && read);
    read = Buffer.from('order\n');
    const end = text.indexOf('\n', 'order\n'.length);
    const facts = JSON.parse(text.subarray('order\n'.length, end).toString()) as { way: string };
    return { ...facts, more: text.subarray(end + 1) };
  };
  return { bringing, said, answer, hasEnded: () => ended };
}

const never: BringingDeps['sync'] = () => Promise.reject(new Error('not asked'));

describe('the files of a folder', () => {
  it('are an archive for a host without rsync', async () => {
    const { bringing, answer, said } = begin(never);
    bringing.hear({ t: 'wants', upload: null });
    expect(await answer()).toEqual({ way: 'archive', bytes: 3, more: Buffer.from('zip') });
    expect(said).toEqual(['packing 2 files', 'sending 3 B']);
  });

  it('are named to a host with rsync, which makes room for them, and are brought then', async () => {
    const orders: unknown[] = [];
    const { bringing, answer, said } = begin(async (order) => {
      orders.push(order);
      return { changed: 1, sent: 2048 };
    });
    bringing.hear({ t: 'wants', upload: UPLOAD });
    const named = await answer();
    expect(named.way).toBe('rsync');
    expect(JSON.parse(inflateSync(named.more).toString())).toEqual([
      ['app.py', false],
      ['run ä', true],
    ]);
    bringing.hear({ t: 'ready', upload: UPLOAD });
    expect(await answer()).toMatchObject({ way: 'there' });
    expect(orders).toMatchObject([{ from: '/code', files: ['app.py', 'run ä'], to: UPLOAD }]);
    expect(said).toEqual(['1 of 2 files differed: 2.0 KiB sent by rsync']);
  });

  it('are an archive after all where rsync did not work', async () => {
    const { bringing, answer } = begin(async () => undefined);
    bringing.hear({ t: 'ready', upload: UPLOAD });
    expect(await answer()).toMatchObject({ way: 'archive' });
  });

  it('are refused in words, which the host repeats when it has put everything back', async () => {
    const full = new InfractlError({ code: 'DiskFull', message: 'The disk is full.', why: 'so it says' });
    const { bringing, answer } = begin(() => Promise.reject(full));
    bringing.hear({ t: 'ready', upload: UPLOAD });
    expect(await answer()).toMatchObject({
      way: 'refused',
      error: { code: 'DiskFull', message: 'The disk is full.', why: 'so it says', suggestions: [], exit: 1 },
    });
  });

  it('are kept back by what nobody foresaw: the host reads no more, and it is known why', async () => {
    const { bringing, hasEnded } = begin(never, () => Promise.reject(new RangeError('too long')));
    bringing.hear({ t: 'wants', upload: null });
    await until(hasEnded);
    expect(bringing.failure).toBeInstanceOf(RangeError);
  });
});
