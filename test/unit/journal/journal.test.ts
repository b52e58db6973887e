import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ArtifactStore } from '../../../src/lib/artifacts/store.ts';
import { Redactor } from '../../../src/lib/base/redact.ts';
import { parseEntry, serializeEntry } from '../../../src/lib/journal/entry.ts';
import {
  finishEntry,
  type JournalStart,
  listJournal,
  machine,
  newJournalEntry,
  parameterFacts,
  readJournal,
  writeJournal,
} from '../../../src/lib/journal/index.ts';

const NOW = Date.UTC(2026, 0, 5, 9);
const start = (more: Partial<JournalStart> = {}): JournalStart => ({
  project: 'shop',
  environment: 'dev',
  command: 'deploy --create-stack',
  who: 'arn:aws:iam::123456789012:user/dev',
  host: 'laptop',
  user: 'ada',
  git: { commit: 'a'.repeat(40), branch: 'main', dirty: true },
  startedAt: NOW,
  version: '0.1.0',
  ...more,
});
const plain = new Redactor();

/** A store in memory that counts what is read of it. */
function memory(): ArtifactStore & { readonly reads: string[]; readonly objects: Map<string, Uint8Array> } {
  const objects = new Map<string, Uint8Array>();
  const reads: string[] = [];
  return {
    bucket: 'b',
    objects,
    reads,
    has: async (key) => objects.has(key),
    async put(key, body) {
      objects.set(key, typeof body === 'string' ? new TextEncoder().encode(body) : body);
      return true;
    },
    async get(key) {
      reads.push(key);
      return objects.get(key);
    },
    async *list(prefix) {
      for (const key of [...objects.keys()].sort())
        if (key.startsWith(prefix))
          yield { key, size: objects.get(key)?.byteLength ?? 0, modifiedAt: new Date(NOW) };
    },
    delete: async (key) => void objects.delete(key),
    url: (key) => key,
  };
}

describe('an entry', () => {
  it('begins as running and ends with what happened', () => {
    const entry = newJournalEntry(start());
    expect(entry).toMatchObject({
      result: 'running',
      startedAt: '2026-01-05T09:00:00.000Z',
      git: { commit: 'a'.repeat(40), branch: 'main', dirty: true },
      infractl: '0.1.0',
      parts: [],
    });
    const parts = [
      {
        part: 'function api',
        outcome: 'updated',
        ms: 1200,
        before: { version: '1' },
        after: { version: '2' },
      },
    ];
    const ended = finishEntry(entry, { now: NOW + 5000, result: 'succeeded', parts });
    expect(parseEntry(serializeEntry(ended, plain))).toEqual({
      ...entry,
      result: 'succeeded',
      finishedAt: '2026-01-05T09:00:05.000Z',
      parts,
    });
  });

  it('has an id that sorts by time, and differs within a millisecond', () => {
    fc.assert(
      fc.property(fc.nat(4e12), fc.integer({ min: 1, max: 1e12 }), (now, later) => {
        const [one, two] = [now, now + later].map((startedAt) => newJournalEntry(start({ startedAt })).id);
        expect((one ?? '') < (two ?? '')).toBe(true);
      }),
    );
    const ids = Array.from({ length: 20 }, () => newJournalEntry(start()).id);
    expect(new Set(ids).size).toBe(20);
  });

  it('never holds a secret, wherever it is put and in whatever form', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 4, maxLength: 30 });
    // A secret that is part of the record's own words (`parts`, `2026`) cannot be told from them.
    const secret = text.filter((s) => s.trim().length >= 4 && !/^[\w .,:;"'{}[\]/@-]{0,9}$/.test(s));
    const form = fc.constantFrom<(s: string) => string>(
      (s) => s,
      (s) => encodeURIComponent(s),
      (s) => JSON.stringify({ password: s }),
      (s) => Buffer.from(s).toString('base64'),
      (s) => `postgres://app:${s}@db/x`,
    );
    fc.assert(
      fc.property(secret, form, text, (value, wrap, around) => {
        const redactor = new Redactor();
        redactor.add(value);
        const held = `${around}${wrap(value)}`;
        const facts = { note: held, [held]: 1, deep: [{ held }] };
        const entry = finishEntry(newJournalEntry(start({ command: held, host: held })), {
          now: NOW,
          result: 'failed',
          error: { code: 'X', message: held },
          parts: [{ part: 'stack app', outcome: 'failed', detail: held, ms: 1, before: facts, after: facts }],
          outputs: { app: { Url: held } },
        });
        const written = serializeEntry(entry, redactor);
        const values: string[] = [];
        JSON.parse(written, (key, item) => {
          values.push(key, ...(typeof item === 'string' ? [item] : []));
          return item;
        });
        for (const one of values) {
          expect(one.includes(value)).toBe(false);
          expect(one.includes(encodeURIComponent(value))).toBe(false);
          expect(one.includes(Buffer.from(value).toString('base64'))).toBe(false);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('takes of secret parameters their names only', () => {
    const given = { Jwt: { value: 'hunter2hunter2', secret: true }, Size: { value: '512', secret: false } };
    expect(parameterFacts(given)).toEqual({ Jwt: { secret: true }, Size: '512' });
  });

  it('keeps its own words even where a secret is one of them', () => {
    const redactor = new Redactor();
    for (const word of ['running', 'shop', '2026']) redactor.add(word);
    expect(parseEntry(serializeEntry(newJournalEntry(start()), redactor))).toMatchObject({
      result: 'running',
      project: 'shop',
    });
  });
});

describe('the journal', () => {
  it('lists the newest first and reads no more than asked for', async () => {
    const store = memory();
    const ids: string[] = [];
    for (let n = 0; n < 30; n++) {
      const entry = newJournalEntry(start({ startedAt: NOW + n * 1000 }));
      ids.push(entry.id);
      await writeJournal(store, entry, plain);
    }
    await writeJournal(store, newJournalEntry(start({ environment: 'dev-2' })), plain);
    const listed = await listJournal(store, 'dev', 12);
    expect(listed.map(({ id }) => id)).toEqual(ids.toReversed().slice(0, 12));
    expect(store.reads).toHaveLength(12);
    expect(await listJournal(store, 'prod', 5)).toEqual([]);
  });

  it('replaces an entry when it ends, and steps over a damaged one', async () => {
    const store = memory();
    const entry = newJournalEntry(start());
    await writeJournal(store, entry, plain);
    await writeJournal(store, finishEntry(entry, { now: NOW, result: 'unhealthy', parts: [] }), plain);
    expect([...store.objects.keys()]).toEqual([`journal/dev/${entry.id}.json`]);
    expect((await readJournal(store, 'dev', entry.id)).result).toBe('unhealthy');
    const damaged = newJournalEntry(start({ startedAt: NOW + 1 }));
    store.objects.set(`journal/dev/${damaged.id}.json`, new TextEncoder().encode('{"format":1'));
    expect((await listJournal(store, 'dev', 1)).map(({ id }) => id)).toEqual([entry.id]);
    await expect(readJournal(store, 'dev', damaged.id)).rejects.toMatchObject({
      code: 'JournalEntryDamaged',
    });
  });

  it('has words for an entry that is not there, and asks for no strange key', async () => {
    const store = memory();
    const entry = newJournalEntry(start());
    await writeJournal(store, entry, plain);
    await expect(readJournal(store, 'dev', entry.id.slice(0, -1))).rejects.toMatchObject({
      code: 'JournalEntryNotFound',
      exit: 2,
      suggestions: [`Did you mean ${entry.id}?`],
    });
    await expect(readJournal(store, 'dev', '../../templates/x')).rejects.toMatchObject({
      code: 'JournalEntryNotFound',
    });
    expect(store.reads).toEqual([]);
    await expect(readJournal(undefined, 'dev', entry.id)).rejects.toMatchObject({
      code: 'JournalEntryNotFound',
    });
  });

  it('knows the machine it is written on', () => {
    expect(machine()).toEqual({ host: expect.stringMatching(/./), user: expect.stringMatching(/./) });
  });
});
