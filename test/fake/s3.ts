import { createHash } from 'node:crypto';
import type { Context, HttpAnswer, HttpRequest, Service } from './server.ts';
import type { S3Bucket, S3Object, S3State } from './state.ts';
import { escapeXml, FakeError, type Parameters, page, toXml } from './wire.ts';

/** S3 with path-style addresses: buckets, their settings, and objects, whole, in parts, or copied. */

const SETTINGS: Readonly<Record<string, string>> = {
  versioning: 'BucketVersioning',
  encryption: 'BucketEncryption',
  policy: 'BucketPolicy',
  publicAccessBlock: 'PublicAccessBlock',
  tagging: 'BucketTagging',
  lifecycle: 'BucketLifecycleConfiguration',
  ownershipControls: 'BucketOwnershipControls',
};
/** What AWS answers where a setting was never put. */
const UNSET: Readonly<Record<string, string>> = {
  encryption: 'ServerSideEncryptionConfigurationNotFoundError',
  policy: 'NoSuchBucketPolicy',
  publicAccessBlock: 'NoSuchPublicAccessBlockConfiguration',
  tagging: 'NoSuchTagSet',
  lifecycle: 'NoSuchLifecycleConfiguration',
  ownershipControls: 'OwnershipControlsNotFoundError',
};
const VERB: Readonly<Record<string, string>> = { GET: 'Get', PUT: 'Put', DELETE: 'Delete', HEAD: 'Head' };
const XML = { 'content-type': 'application/xml' };
/** Bytes of every part of an upload but its last. */
const LEAST_PART = 5 * 1024 * 1024;

/** For tests and for templates by URL. */
export function readObject(state: S3State, bucket: string, key: string): Uint8Array | undefined {
  return state.buckets.get(bucket)?.objects.get(key)?.body;
}

export const s3: Service = {
  name: 's3',
  read(request) {
    const path = decodeURIComponent(request.url.pathname).slice(1);
    const slash = path.indexOf('/');
    const bucket = slash < 0 ? path : path.slice(0, slash);
    const key = slash < 0 ? '' : path.slice(slash + 1);
    const query = Object.fromEntries(request.url.searchParams);
    return { action: actionOf(request, bucket, key), parameters: { Bucket: bucket, Key: key, ...query } };
  },
  handle(action, p, context, request) {
    const name = String(p.Bucket);
    if (action === 'ListBuckets') return listBuckets(context);
    if (action === 'CreateBucket') return createBucket(name, context, request);
    const bucket = context.state.s3.buckets.get(name);
    if (!bucket)
      throw new FakeError('NoSuchBucket', 'The specified bucket does not exist', 404, { BucketName: name });
    const owner = request.headers['x-amz-expected-bucket-owner'];
    if (owner && owner !== bucket.owner) throw new FakeError('AccessDenied', 'Access Denied', 403);
    if (String(p.Key).length > 0 && Buffer.byteLength(String(p.Key)) > 1024)
      throw new FakeError('KeyTooLongError', 'Your key is too long');
    const setting = Object.keys(SETTINGS).find((one) => one in p);
    if (setting && !p.Key) return settings(action, setting, bucket, request);
    const handler = HANDLERS[action];
    if (!handler) throw new Error(`the fake's S3 does not know ${action}`);
    return handler(bucket, p, context, request);
  },
  fail: (error, requestId) => ({
    status: error.status,
    headers: XML,
    body: `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${error.code}</Code><Message>${escapeXml(error.message)}</Message>${toXml(error.fields, true)}<RequestId>${requestId}</RequestId></Error>`,
  }),
};

function actionOf(request: HttpRequest, bucket: string, key: string): string {
  const { method, url } = request;
  const verb = VERB[method] ?? method;
  if (!bucket) return 'ListBuckets';
  if (key) return keyAction(request, verb);
  const setting = Object.keys(SETTINGS).find((one) => url.searchParams.has(one));
  if (setting) return `${verb}${SETTINGS[setting]}`;
  if (method === 'POST' && url.searchParams.has('delete')) return 'DeleteObjects';
  if (method === 'PUT') return 'CreateBucket';
  if (method === 'GET')
    return url.searchParams.has('location')
      ? 'GetBucketLocation'
      : url.searchParams.has('versions')
        ? 'ListObjectVersions'
        : 'ListObjectsV2';
  return `${verb}Bucket`;
}

/** Of an object, or of its upload in parts. */
function keyAction({ method, url, headers }: HttpRequest, verb: string): string {
  const upload = url.searchParams.has('uploadId');
  if (method === 'POST') return upload ? 'CompleteMultipartUpload' : 'CreateMultipartUpload';
  if (upload) return method === 'DELETE' ? 'AbortMultipartUpload' : 'UploadPart';
  return method === 'PUT' && headers['x-amz-copy-source'] ? 'CopyObject' : `${verb}Object`;
}

const xml = (root: string, body: object): HttpAnswer => ({
  status: 200,
  headers: XML,
  body: `<?xml version="1.0" encoding="UTF-8"?><${root}>${toXml(body, true)}</${root}>`,
});

function listBuckets({ state }: Context): HttpAnswer {
  const all = [...state.s3.buckets.values()].map((one) => ({
    Name: one.name,
    CreationDate: new Date(one.created),
  }));
  return xml('ListAllMyBucketsResult', { Buckets: { Bucket: all }, Owner: { ID: state.account } });
}

function createBucket(name: string, { state, clock, region }: Context, { body }: HttpRequest): HttpAnswer {
  const wanted = /<LocationConstraint>([^<]*)</.exec(body.toString())?.[1];
  if (region === 'us-east-1' ? wanted !== undefined : wanted !== region)
    throw new FakeError(
      'IllegalLocationConstraintException',
      `The ${wanted ?? 'unspecified'} location constraint is incompatible for the region specific endpoint this request was sent to.`,
    );
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name)) {
    throw new FakeError('InvalidBucketName', 'The specified bucket is not valid.');
  }
  const existing = state.s3.buckets.get(name);
  if (existing?.owner === state.account) {
    throw new FakeError(
      'BucketAlreadyOwnedByYou',
      'Your previous request to create the named bucket succeeded and you already own it.',
      409,
    );
  }
  if (existing) {
    throw new FakeError(
      'BucketAlreadyExists',
      'The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.',
      409,
    );
  }
  state.s3.buckets.set(name, {
    name,
    region,
    owner: state.account,
    created: clock.now(),
    objects: new Map(),
    history: [],
    settings: new Map(),
  });
  return { status: 200, headers: { location: `/${name}` } };
}

function settings(action: string, setting: string, bucket: S3Bucket, request: HttpRequest): HttpAnswer {
  if (action.startsWith('Put')) {
    bucket.settings.set(setting, decoded(request).toString());
    return { status: setting === 'policy' || setting === 'tagging' ? 204 : 200 };
  }
  if (action.startsWith('Delete')) {
    bucket.settings.delete(setting);
    return { status: 204 };
  }
  const document = bucket.settings.get(setting);
  if (document === undefined) {
    const code = UNSET[setting];
    if (code) throw new FakeError(code, `The ${setting} configuration was not found`, 404);
    return xml('VersioningConfiguration', {});
  }
  return { status: 200, headers: setting === 'policy' ? {} : XML, body: document };
}

/** The body without the chunk signatures and trailing checksum that SDKs wrap around streams. */
function decoded(request: HttpRequest): Buffer {
  if (!request.headers['content-encoding']?.includes('aws-chunked')) return request.body;
  const parts: Buffer[] = [];
  let at = 0;
  for (;;) {
    const end = request.body.indexOf('\r\n', at);
    const size = Number.parseInt(request.body.subarray(at, end).toString().split(';')[0] ?? '0', 16);
    if (!size) return Buffer.concat(parts);
    parts.push(request.body.subarray(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
}

const unescapeXml = (text: string) =>
  text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&');

const isVersioned = (bucket: S3Bucket) => bucket.settings.get('versioning')?.includes('Enabled') ?? false;

function archive(bucket: S3Bucket, key: string, { versionId, body, modified }: S3Object): void {
  bucket.history.push({ key, versionId, size: body.byteLength, modified, marker: false });
}

/** Without a version, a versioned bucket keeps what was there and gets a marker. */
function removeOne(
  bucket: S3Bucket,
  key: string,
  version: string | undefined,
  { state, clock }: Context,
): void {
  const existing = bucket.objects.get(key);
  if (version === undefined && isVersioned(bucket)) {
    if (existing) archive(bucket, key, existing);
    const marker = { key, versionId: `v${++state.s3.serial}`, size: 0, modified: clock.now(), marker: true };
    bucket.history.push(marker);
  }
  if (version === undefined || version === 'null' || existing?.versionId === version)
    bucket.objects.delete(key);
  const at = bucket.history.findIndex((one) => one.versionId === version);
  if (at >= 0) bucket.history.splice(at, 1);
}

const KEPT = ['cache-control', 'content-disposition', 'content-encoding', 'content-language'];
const md5 = (body: Uint8Array) => `"${createHash('md5').update(body).digest('hex')}"`;

/** Puts an object there; what was there before stays as a version where versioning is on. */
function store(
  bucket: S3Bucket,
  key: string,
  body: Uint8Array,
  { state, clock }: Pick<Context, 'state' | 'clock'>,
  request: HttpRequest,
  metadata: Readonly<Record<string, string>>,
  parts = '',
): S3Object {
  const existing = bucket.objects.get(key);
  if (existing && isVersioned(bucket)) archive(bucket, key, existing);
  const headers = Object.entries(request.headers).filter(
    ([name, value]) => KEPT.includes(name) && value !== 'aws-chunked',
  );
  const made: S3Object = {
    body,
    etag: parts ? `${md5(body).slice(0, -1)}${parts}"` : md5(body),
    modified: clock.now(),
    contentType: request.headers['content-type'] ?? 'binary/octet-stream',
    metadata,
    headers: Object.fromEntries(headers),
    versionId: `v${++state.s3.serial}`,
  };
  bucket.objects.set(key, made);
  return made;
}

function upload(state: S3State, p: Parameters): Map<number, Uint8Array> {
  const found = state.uploads.get(String(p.uploadId));
  if (found) return found;
  throw new FakeError('NoSuchUpload', 'The specified multipart upload does not exist.', 404);
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html */
function checkParts(
  named: readonly { readonly number: number; readonly etag: string }[],
  parts: ReadonlyMap<number, Uint8Array>,
): void {
  if (named.length === 0) throw new FakeError('MalformedXML', 'The XML you provided was not well-formed.');
  if (named.some(({ number }, at) => at > 0 && number <= (named[at - 1]?.number ?? 0)))
    throw new FakeError('InvalidPartOrder', 'The list of parts was not in ascending order.');
  for (const [at, { number, etag }] of named.entries()) {
    const part = parts.get(number);
    if (!part || md5(part) !== etag)
      throw new FakeError('InvalidPart', 'One or more of the specified parts could not be found.');
    if (at < named.length - 1 && part.byteLength < LEAST_PART)
      throw new FakeError('EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size');
  }
}

const noKey = (key: unknown) =>
  new FakeError('NoSuchKey', 'The specified key does not exist.', 404, { Key: String(key) });

type Handler = (bucket: S3Bucket, p: Parameters, context: Context, request: HttpRequest) => HttpAnswer;

function object(bucket: S3Bucket, p: Parameters): { headers: Record<string, string>; body: Uint8Array } {
  const found = bucket.objects.get(String(p.Key));
  if (!found) throw noKey(p.Key);
  const metadata = Object.entries(found.metadata).map(([key, value]) => [`x-amz-meta-${key}`, value]);
  return {
    body: found.body,
    headers: {
      etag: found.etag,
      'content-type': found.contentType,
      ...found.headers,
      'content-length': String(found.body.byteLength),
      'last-modified': new Date(found.modified).toUTCString(),
      ...(bucket.settings.get('versioning')?.includes('Enabled')
        ? { 'x-amz-version-id': found.versionId }
        : {}),
      ...Object.fromEntries(metadata),
    },
  };
}

const HANDLERS: Readonly<Record<string, Handler>> = {
  HeadBucket: (bucket, _p, { region }) => ({
    status: bucket.region === region ? 200 : 301,
    headers: { 'x-amz-bucket-region': bucket.region },
  }),
  GetBucketLocation: (bucket) => ({
    status: 200,
    headers: XML,
    body: `<LocationConstraint>${bucket.region === 'us-east-1' ? '' : bucket.region}</LocationConstraint>`,
  }),
  DeleteBucket(bucket, _p, { state }) {
    if (bucket.objects.size + bucket.history.length > 0) {
      throw new FakeError('BucketNotEmpty', 'The bucket you tried to delete is not empty', 409);
    }
    state.s3.buckets.delete(bucket.name);
    return { status: 204 };
  },
  PutObject(bucket, p, { state, clock }, request) {
    const key = String(p.Key);
    const existing = bucket.objects.get(key);
    const { 'if-none-match': unless, 'if-match': only } = request.headers;
    if (only && !existing) throw noKey(key);
    if ((unless === '*' && existing) || (only && only !== existing?.etag)) {
      throw new FakeError(
        'PreconditionFailed',
        'At least one of the pre-conditions you specified did not hold',
        412,
      );
    }
    const body = decoded(request);
    const metadata = Object.entries(request.headers)
      .filter(([name]) => name.startsWith('x-amz-meta-'))
      .map(([name, value]) => [name.slice('x-amz-meta-'.length), value]);
    const put = store(bucket, key, body, { state, clock }, request, Object.fromEntries(metadata));
    return { status: 200, headers: { etag: put.etag } };
  },
  CopyObject(bucket, p, context, request) {
    const source = decodeURIComponent(request.headers['x-amz-copy-source'] ?? '').replace(/^\//, '');
    const [from = '', ...rest] = source.split('/');
    const there = context.state.s3.buckets.get(from);
    if (!there) throw new FakeError('NoSuchBucket', 'The specified bucket does not exist', 404);
    const owner = request.headers['x-amz-source-expected-bucket-owner'];
    if (owner && owner !== there.owner) throw new FakeError('AccessDenied', 'Access Denied', 403);
    const found = there.objects.get(rest.join('/'));
    if (!found) throw noKey(rest.join('/'));
    const replaces = request.headers['x-amz-metadata-directive'] === 'REPLACE';
    if (!replaces && there === bucket && rest.join('/') === p.Key)
      throw new FakeError(
        'InvalidRequest',
        "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
      );
    // Without that word the headers of the request mean nothing: those of the source are kept.
    const described = replaces
      ? request
      : { ...request, headers: { ...found.headers, 'content-type': found.contentType } };
    const { etag, modified } = store(bucket, String(p.Key), found.body, context, described, {});
    return xml('CopyObjectResult', { ETag: etag, LastModified: new Date(modified) });
  },
  CreateMultipartUpload(_bucket, p, { state }) {
    const id = `upload-${++state.s3.serial}`;
    state.s3.uploads.set(id, new Map());
    return xml('InitiateMultipartUploadResult', { Key: p.Key, UploadId: id });
  },
  UploadPart(_bucket, p, { state }, request) {
    const body = decoded(request);
    upload(state.s3, p).set(Number(p.partNumber), body);
    return { status: 200, headers: { etag: md5(body) } };
  },
  AbortMultipartUpload(_bucket, p, { state }) {
    state.s3.uploads.delete(String(p.uploadId));
    return { status: 204 };
  },
  CompleteMultipartUpload(bucket, p, context, request) {
    const parts = upload(context.state.s3, p);
    const named = [
      ...decoded(request)
        .toString()
        .matchAll(/<Part>(.*?)<\/Part>/gs),
    ].map(([, one = '']) => ({
      number: Number(/<PartNumber>(\d+)</.exec(one)?.[1]),
      etag: unescapeXml(/<ETag>([^<]*)</.exec(one)?.[1] ?? ''),
    }));
    checkParts(named, parts);
    const numbers = named.map(({ number }) => number);
    const body = Buffer.concat(numbers.map((n) => parts.get(n) ?? Buffer.alloc(0)));
    context.state.s3.uploads.delete(String(p.uploadId));
    const { etag } = store(bucket, String(p.Key), body, context, request, {}, `-${numbers.length}`);
    return xml('CompleteMultipartUploadResult', { Key: p.Key, ETag: etag });
  },
  GetObject: (bucket, p) => ({ status: 200, ...object(bucket, p) }),
  HeadObject: (bucket, p) => ({ status: 200, headers: object(bucket, p).headers }),
  DeleteObject(bucket, p, context) {
    removeOne(bucket, String(p.Key), p.versionId === undefined ? undefined : String(p.versionId), context);
    return { status: 204 };
  },
  DeleteObjects(bucket, _p, context, request) {
    const wanted = [
      ...decoded(request)
        .toString()
        .matchAll(/<Object>(.*?)<\/Object>/gs),
    ].map(([, one = '']) => ({
      key: unescapeXml(/<Key>([^<]*)<\/Key>/.exec(one)?.[1] ?? ''),
      version: /<VersionId>([^<]*)<\/VersionId>/.exec(one)?.[1],
    }));
    if (wanted.length > 1000)
      throw new FakeError(
        'MalformedXML',
        'The XML you provided was not well-formed or did not validate against our published schema',
      );
    const locked = wanted.filter(({ version }) =>
      bucket.history.some((one) => one.versionId === version && one.locked),
    );
    for (const one of wanted) if (!locked.includes(one)) removeOne(bucket, one.key, one.version, context);
    return xml('DeleteResult', {
      Deleted: wanted
        .filter((one) => !locked.includes(one))
        .map(({ key, version }) => ({ Key: key, VersionId: version })),
      Error: locked.map(({ key, version }) => ({
        Key: key,
        VersionId: version,
        Code: 'AccessDenied',
        Message: 'Access Denied because object protected by object lock.',
      })),
    });
  },
  ListObjectVersions(bucket, p, { state }) {
    const current = [...bucket.objects].map(([key, { versionId, body, modified }]) => ({
      key,
      versionId: isVersioned(bucket) ? versionId : 'null',
      size: body.byteLength,
      modified,
      marker: false,
    }));
    const all = [...current, ...bucket.history].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
    const size = Math.min(Number(p['max-keys'] ?? 1000), state.s3.pageSize);
    const { items, next } = page(all, p['version-id-marker'] || undefined, size);
    const shown = (one: (typeof all)[number]) => ({
      Key: one.key,
      VersionId: one.versionId,
      LastModified: new Date(one.modified),
      ...(one.marker ? {} : { Size: one.size }),
    });
    return xml('ListVersionsResult', {
      Name: bucket.name,
      IsTruncated: next !== undefined,
      NextKeyMarker: next === undefined ? undefined : items.at(-1)?.key,
      NextVersionIdMarker: next,
      Version: items.filter(({ marker }) => !marker).map(shown),
      DeleteMarker: items.filter(({ marker }) => marker).map(shown),
    });
  },
  ListObjectsV2(bucket, p, { state }) {
    const prefix = String(p.prefix ?? '');
    const after = String(p['start-after'] ?? '');
    const keys = [...bucket.objects.keys()].filter((key) => key.startsWith(prefix) && key > after).sort();
    const size = Math.min(Number(p['max-keys'] ?? 1000), state.s3.pageSize);
    const { items, next } = page(keys, p['continuation-token'], size);
    return xml('ListBucketResult', {
      Name: bucket.name,
      Prefix: prefix,
      KeyCount: items.length,
      MaxKeys: size,
      IsTruncated: next !== undefined,
      NextContinuationToken: next,
      Contents: items.map((key) => {
        const found = bucket.objects.get(key);
        return {
          Key: key,
          LastModified: new Date(found?.modified ?? 0),
          ETag: found?.etag,
          Size: found?.body.byteLength,
        };
      }),
    });
  },
};
