import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Fake } from '../fake/server.ts';

/** What the registry does with a push. `hang` leaves the upload of a layer without an answer. */
export type Mood = 'accept' | 'deny' | 'hang' | 'bad login';

const DENIED =
  'User: arn:aws:iam::123456789012:user/dev is not authorized to perform: ecr:InitiateLayerUpload on resource: arn:aws:ecr:eu-west-3:123456789012:repository/shop because no identity-based policy allows the ecr:InitiateLayerUpload action';

/**
 * As much of a registry as a push needs, behind the fake's ECR: it demands the login that the fake gives out,
 * and what is pushed is what the fake's DescribeImages shows. Its mood can be changed at any time.
 */
export class MoodyRegistry {
  #mood: Mood = 'accept';
  readonly #hanging = new Set<ServerResponse>();
  /** Uploads that were begun. */
  uploads = 0;
  readonly #fake: Fake;
  readonly #server: Server;
  /** Digest → size. */
  readonly #blobs = new Map<string, number>();
  /** Upload → size so far. */
  readonly #open = new Map<string, number>();

  private constructor(fake: Fake) {
    this.#fake = fake;
    this.#server = createServer((request, answer) => void this.#answer(request, answer));
  }

  static async start(fake: Fake): Promise<MoodyRegistry> {
    const registry = new MoodyRegistry(fake);
    await new Promise<void>((resolve) => registry.#server.listen(0, '127.0.0.1', resolve));
    return registry;
  }

  get mood(): Mood {
    return this.#mood;
  }

  /** Whoever hangs is let go: a container engine waits for an upload of the same layer that is under way. */
  set mood(mood: Mood) {
    this.#mood = mood;
    for (const answer of this.#hanging) answer.destroy();
    this.#hanging.clear();
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, answer: ServerResponse): Promise<void> {
    const say = (status: number, headers: Record<string, string> = {}, body?: object) => {
      answer.writeHead(status, { 'docker-distribution-api-version': 'registry/2.0', ...headers });
      answer.end(body && request.method !== 'HEAD' ? JSON.stringify(body) : undefined);
    };
    const login = Buffer.from(`AWS:${this.#fake.state.ecr.password}`).toString('base64');
    if (this.mood === 'bad login' || request.headers.authorization !== `Basic ${login}`) {
      const errors = [{ code: 'UNAUTHORIZED', message: 'authentication required' }];
      return say(401, { 'www-authenticate': 'Basic realm="test"' }, { errors });
    }
    const url = new URL(request.url ?? '/', 'http://registry');
    const [, name = '', kind, reference = ''] =
      /^\/v2\/(.+)\/(blobs|manifests)\/(.*)$/.exec(url.pathname) ?? [];
    const body: Buffer[] = [];
    if (kind === 'blobs' && request.method === 'POST') {
      this.uploads++;
      if (this.mood === 'hang') return void this.#hanging.add(answer);
      if (this.mood === 'deny') return say(403, {}, { errors: [{ code: 'DENIED', message: DENIED }] });
    }
    for await (const chunk of request) body.push(chunk as Buffer);
    if (kind === undefined) return say(200);
    if (kind === 'blobs') {
      const size = this.#blobs.get(reference);
      if (request.method === 'HEAD') {
        if (size === undefined) return say(404);
        return say(200, { 'docker-content-digest': reference, 'content-length': String(size) });
      }
      const upload = request.method === 'POST' ? `uploads/${randomUUID()}` : reference;
      const total = (this.#open.get(upload) ?? 0) + Buffer.concat(body).byteLength;
      this.#open.set(upload, total);
      const digest = url.searchParams.get('digest');
      if (request.method === 'PUT' && digest) {
        this.#blobs.set(digest, total);
        return say(201, { 'docker-content-digest': digest, location: `/v2/${name}/blobs/${digest}` });
      }
      return say(202, { location: `/v2/${name}/blobs/${upload}`, range: `0-${Math.max(0, total - 1)}` });
    }
    if (request.method !== 'PUT')
      return say(404, {}, { errors: [{ code: 'MANIFEST_UNKNOWN', message: 'none' }] });
    const digest = `sha256:${createHash('sha256').update(Buffer.concat(body)).digest('hex')}`;
    this.#remember(name, reference, digest);
    return say(201, { 'docker-content-digest': digest, location: `/v2/${name}/manifests/${digest}` });
  }

  #remember(name: string, tag: string, digest: string): void {
    const images = this.#fake.state.ecr.repositories.get(name) ?? [];
    this.#fake.state.ecr.repositories.set(name, images);
    const known = images.find((image) => image.digest === digest);
    if (known) known.tags.add(tag);
    else images.push({ digest, tags: new Set([tag]), pushedAt: Date.now(), sizeInBytes: 1 });
  }
}
