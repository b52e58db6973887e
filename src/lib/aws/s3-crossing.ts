import { randomUUID } from 'node:crypto';
import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { Crossing } from '../hosts/ssm-port.ts';
import { call } from './call.ts';
import type { AwsSession } from './session.ts';
import { traced } from './trace.ts';

/** How long a host may take to fetch or to bring what is its. Seconds. */
const VALID = 900;

/**
 * A bucket as the place where sealed bytes lie for a moment. The host needs no right on it: it gets URLs that are
 * signed, for one object and one verb each.
 */
export function s3Crossing(session: AwsSession, bucket: string): Crossing {
  const client = traced(
    new S3Client({ ...session.config, forcePathStyle: session.endpoint !== undefined }),
    session,
  );
  const given: string[] = [];
  const remove = (Key: string) =>
    call(session, 's3:DeleteObject', () => client.send(new DeleteObjectCommand({ Bucket: bucket, Key })));

  return {
    async give(bytes) {
      const Key = newKey();
      given.push(Key);
      await call(session, 's3:PutObject', () =>
        client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: bytes })),
      );
      return signed(client, new GetObjectCommand({ Bucket: bucket, Key }));
    },

    async expect() {
      const Key = newKey();
      // Without a body the SDK would warn of a stream whose length it does not know.
      const empty = new Uint8Array();
      const url = await signed(client, new PutObjectCommand({ Bucket: bucket, Key, Body: empty }));
      return {
        url,
        async take() {
          const bytes = await call(session, 's3:GetObject', async () => {
            const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key }));
            return Body?.transformToByteArray() ?? new Uint8Array();
          });
          await remove(Key);
          return bytes;
        },
      };
    },

    async clear() {
      await Promise.all(given.splice(0).map(remove));
    },
  };
}

function newKey(): string {
  return `crossing/${randomUUID()}`;
}

interface Signable {
  readonly headers: Record<string, string>;
  readonly query: Record<string, string>;
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
}

/** The URL with which whoever has it may do what the command would: AWS Signature Version 4 in the query. */
async function signed(client: S3Client, command: GetObjectCommand | PutObjectCommand): Promise<string> {
  let url = '';
  const stack = command.middlewareStack as {
    add(
      middleware: (next: unknown, context: unknown) => (args: { request: Signable }) => Promise<unknown>,
      options: object,
    ): void;
  };
  // Where it would be signed and sent, with all that is known by then.
  stack.add(
    () =>
      async ({ request }) => {
        const signer = (await client.config.signer()) as unknown as {
          presign(request: Signable, options: object): Promise<Signable>;
        };
        const { host = '' } = request.headers;
        const bare = { ...request, headers: { host }, body: undefined };
        const facts = { expiresIn: VALID, unsignableHeaders: new Set(['content-type']) };
        url = urlOf(await signer.presign(bare, facts));
        return { response: {}, output: { $metadata: {} } };
      },
    { step: 'finalizeRequest', priority: 'low', name: 'infractlSigned', override: true },
  );
  await client.send(command as GetObjectCommand);
  return url;
}

function urlOf({ protocol, hostname, port, path, query }: Signable): string {
  const words = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return `${protocol}//${hostname}${port ? `:${port}` : ''}${path}?${words.join('&')}`;
}
