import type { Context, HttpAnswer, Service } from './server.ts';
import { escapeXml, FakeError, type Parameters, toXml } from './wire.ts';

export interface FakeInvalidation {
  readonly id: string;
  readonly reference: string;
  readonly paths: readonly string[];
  /** When it was asked for, on the fake's clock. */
  readonly at: number;
}

export interface FakeDistribution {
  readonly id: string;
  readonly domain: string;
  readonly aliases: readonly string[];
  readonly origins: readonly { readonly domain: string; readonly path?: string }[];
  /** Oldest first. */
  readonly invalidations: FakeInvalidation[];
}

export interface CloudFrontState {
  readonly distributions: Map<string, FakeDistribution>;
  /** How long an invalidation is in progress, in milliseconds. */
  invalidationMs: number;
  /** How many may be in progress at once: AWS takes 3,000 paths, and 15 with a star. */
  most: number;
  serial: number;
}

export const newCloudFrontState = (): CloudFrontState => ({
  distributions: new Map(),
  invalidationMs: 20_000,
  most: 15,
  serial: 0,
});

/** A distribution that is there, and shows a bucket. */
export function addDistribution(
  state: CloudFrontState,
  id: string,
  { bucket, path = '', aliases = [] }: { bucket: string; path?: string; aliases?: readonly string[] },
): FakeDistribution {
  const origins = [{ domain: `${bucket}.s3.eu-west-3.amazonaws.com`, path }];
  const made = { id, domain: `d${id.toLowerCase()}.cloudfront.net`, aliases, origins, invalidations: [] };
  state.distributions.set(id, made);
  return made;
}

const ROOT = '/2020-05-31/distribution/';
const XML = { 'content-type': 'text/xml' };
const NAMESPACE = 'http://cloudfront.amazonaws.com/doc/2020-05-31/';

/** CloudFront, version 2020-05-31: GetDistribution, CreateInvalidation, GetInvalidation. */
export const cloudFront: Service = {
  name: 'cloudfront',
  read({ method, url, body }) {
    const [id = '', what, invalidation] = url.pathname.slice(ROOT.length).split('/');
    const text = body.toString();
    const paths = [...text.matchAll(/<Path>([^<]*)<\/Path>/g)].map(([, path = '']) => unescaped(path));
    const reference = unescaped(/<CallerReference>([^<]*)</.exec(text)?.[1] ?? '');
    const action =
      what === undefined ? 'GetDistribution' : method === 'POST' ? 'CreateInvalidation' : 'GetInvalidation';
    return {
      action,
      parameters: { Id: id, InvalidationId: invalidation, Paths: paths, Reference: reference },
    };
  },
  handle(action, p, context) {
    const found = context.state.cloudFront.distributions.get(String(p.Id));
    if (!found) throw new FakeError('NoSuchDistribution', 'The specified distribution does not exist.', 404);
    if (action === 'GetDistribution') return distribution(found);
    return action === 'CreateInvalidation' ? create(found, p, context) : look(found, p, context);
  },
  fail: (error, requestId) => ({
    status: error.status,
    headers: XML,
    body: `<?xml version="1.0"?><ErrorResponse xmlns="${NAMESPACE}"><Error><Type>Sender</Type><Code>${error.code}</Code><Message>${escapeXml(error.message)}</Message></Error><RequestId>${requestId}</RequestId></ErrorResponse>`,
  }),
};

const unescaped = (text: string) =>
  text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&');

const answer = (root: string, body: object, status = 200): HttpAnswer => ({
  status,
  headers: XML,
  body: `<?xml version="1.0"?><${root} xmlns="${NAMESPACE}">${toXml(body, true)}</${root}>`,
});

function distribution({ id, domain, aliases, origins }: FakeDistribution): HttpAnswer {
  return answer('Distribution', {
    Id: id,
    Status: 'Deployed',
    DomainName: domain,
    DistributionConfig: {
      Aliases: { Quantity: aliases.length, Items: { CNAME: [...aliases] } },
      Origins: {
        Quantity: origins.length,
        Items: {
          Origin: origins.map((one, at) => ({ Id: at, DomainName: one.domain, OriginPath: one.path ?? '' })),
        },
      },
      Enabled: true,
    },
  });
}

function create(found: FakeDistribution, p: Parameters, { state, clock }: Context): HttpAnswer {
  const { cloudFront } = state;
  const paths = p.Paths as string[];
  const reference = String(p.Reference);
  const bad = paths.find((path) => !path.startsWith('/') || /[^\x21-\x7e]/.test(path));
  if (paths.length === 0 || bad !== undefined)
    throw new FakeError('InvalidArgument', 'Your request contains one or more invalid invalidation paths.');
  const known = found.invalidations.find((one) => one.reference === reference);
  if (known && known.paths.join('\n') !== paths.join('\n'))
    throw new FakeError(
      'InvalidationBatchAlreadyExists',
      'An invalidation batch with this CallerReference already exists.',
      400,
    );
  if (known) return shown(known, status(known, cloudFront, clock.now()), 201);
  const open = found.invalidations.filter((one) => status(one, cloudFront, clock.now()) === 'InProgress');
  if (open.length >= cloudFront.most)
    throw new FakeError(
      'TooManyInvalidationsInProgress',
      'Processing your request will cause you to exceed the maximum number of in-progress wildcard invalidations.',
    );
  const made = { id: `I${++cloudFront.serial}`, reference, paths, at: clock.now() };
  found.invalidations.push(made);
  return shown(made, status(made, cloudFront, clock.now()), 201);
}

function look(found: FakeDistribution, p: Parameters, { state, clock }: Context): HttpAnswer {
  const known = found.invalidations.find(({ id }) => id === p.InvalidationId);
  if (!known) throw new FakeError('NoSuchInvalidation', 'The specified invalidation does not exist.', 404);
  return shown(known, status(known, state.cloudFront, clock.now()), 200);
}

const status = ({ at }: FakeInvalidation, { invalidationMs }: CloudFrontState, now: number) =>
  now - at >= invalidationMs ? 'Completed' : 'InProgress';

function shown({ id, reference, paths, at }: FakeInvalidation, is: string, code: number): HttpAnswer {
  const batch = {
    Paths: { Quantity: paths.length, Items: { Path: [...paths] } },
    CallerReference: reference,
  };
  return answer(
    'Invalidation',
    { Id: id, Status: is, CreateTime: new Date(at), InvalidationBatch: batch },
    code,
  );
}
