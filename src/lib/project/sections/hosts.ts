import * as z from 'zod/mini';
import { isTree } from '../merge.ts';
import type { HostPart, Reference, Value } from '../model.ts';
import { issue, list, map, named, noted, shaped } from './fields.ts';
import { buildReach, port, showReach, WAYS_IN } from './reach.ts';
import type { Section } from './section.ts';
import { type RawValue, value } from './value.ts';

const INSTANCE = /^i-[0-9a-f]{8,17}$/;
/** Names and addresses; none begins with a hyphen, so none can be taken for an option of ssh. */
const ADDRESS = /^[A-Za-z0-9_:[][A-Za-z0-9_.:\]-]*$/;

const fields = map(
  {
    connect: z.optional(
      noted(
        z.enum(['ssh', 'ssm'], 'must be ssh or ssm.'),
        'The way in: ssh, or ssm for Run Command of AWS Systems Manager, which takes no key and no open port. Default: ssh.',
      ),
    ),
    instance: z.optional(
      value<Value>({
        description: 'The EC2 instance: its id, or the output of the stack that makes it.',
        kinds: ['output', 'ssm', 'env'],
        literals: ['string'],
        literal: { pattern: INSTANCE, rule: 'the id of an instance, such as i-0123456789abcdef0' },
      }),
    ),
    tags: z.optional(
      named(
        noted(z.string(), 'The value of the tag.'),
        'The EC2 instance that has all of these tags: { Name: mbot }.',
        /^(?!aws:).{1,128}$/,
        'the key of a tag: at most 128 characters, not beginning with aws:',
      ),
    ),
    address: z.optional(
      value<Value>({
        description:
          'A name or an address. Default: the public address of the instance, else its private one.',
        kinds: ['output', 'ssm', 'env'],
        literals: ['string'],
        literal: { pattern: ADDRESS, rule: 'a host name or an IP address' },
      }),
    ),
    ...WAYS_IN,
    health: z.optional(
      map(
        {
          url: z.optional(
            value<RawValue>({
              description: 'What must answer on the host: a URL, or { output: app.Url, path: /health }.',
              kinds: ['output', 'ssm', 'env'],
              literals: ['string'],
              literal: { pattern: /^https?:\/\/\S+$/, rule: 'a URL that begins with https:// or http://' },
              options: { path: 'Appended to the URL, such as /health.' },
            }),
          ),
          ports: z.optional(list(port('A TCP port.'), 'TCP ports that must be open from here.')),
        },
        'How it is known that the host serves.',
      ),
    ),
    services: z.optional(
      list(
        shaped(
          'A systemd unit; shop@* is every instance of a template unit.',
          /^[A-Za-z0-9_][\w@:.\\-]*(@\*)?$/,
          'the name of a systemd unit, such as nginx or shop@*',
        ),
        'The systemd units that must run on the host, such as nginx.',
      ),
    ),
  },
  'A machine: an EC2 instance, or anything that ssh reaches.',
);

type RawHost = z.infer<typeof fields>;

const schema = fields.check((context) => {
  const raw = context.value;
  const report = (path: string[], message: string, expected: string) =>
    context.issues.push(issue(raw, path, message, { at: 'key', aboutHolder: path.length > 0, expected }));
  if (raw.instance === undefined && raw.tags === undefined && raw.address === undefined)
    report([], 'does not say which machine it is.', 'Give it "instance:", "tags:" or "address:".');
  if (raw.instance !== undefined && raw.tags !== undefined)
    report(
      ['tags'],
      'has both "instance" and "tags"; one of them finds the instance.',
      'Remove one of them.',
    );
  if (raw.connect === 'ssm') {
    if (raw.instance === undefined && raw.tags === undefined)
      report([], 'is reached by ssm, which takes an instance.', 'Give it "instance:" or "tags:".');
  } else if (raw.ssm !== undefined)
    report(['ssm'], 'is not used: the host is reached by ssh.', 'Write "connect: ssm" beside it.');
  if (raw.ssh?.tunnel === 'ssm') {
    if (raw.ssh.jump !== undefined)
      report(['ssh', 'jump'], 'and "tunnel" are two ways to the same host.', 'Remove one of them.');
    if (raw.instance === undefined && raw.tags === undefined)
      report(['ssh', 'tunnel'], 'takes an instance.', 'Give it "instance:" or "tags:".');
  }
  if (raw.tags !== undefined && Object.keys(raw.tags).length === 0)
    report(['tags'], 'has no tag in "tags".', 'Write at least one: { Name: mbot }.');
});

export const hosts: Section<RawHost, HostPart> = {
  kind: 'host',
  schema,
  description: 'Machines: EC2 instances, or anything that ssh reaches.',
  merge: {
    wholes: [
      ['*', 'instance'],
      ['*', 'address'],
      ['*', 'health', 'url'],
    ],
  },
  build(name, raw, context) {
    const { url, path } = healthUrl(raw.health?.url);
    return {
      name,
      ...(raw.instance === undefined ? {} : { instance: raw.instance }),
      ...(raw.tags === undefined ? {} : { tags: raw.tags }),
      ...(raw.address === undefined ? {} : { address: raw.address }),
      reach: buildReach(['hosts', name], raw, context),
      health: { ...(url === undefined ? {} : { url }), path, ports: raw.health?.ports ?? [] },
      services: raw.services ?? [],
    };
  },
  show: (part, root) => ({
    instance: part.instance,
    tags: part.tags,
    address: part.address,
    ...showReach(part, root),
    health: {
      url:
        isTree(part.health.url) && part.health.path
          ? { ...part.health.url, path: part.health.path }
          : part.health.url,
      ports: part.health.ports,
    },
    services: part.services,
  }),
};

function healthUrl(url: RawValue | undefined): { readonly url?: Value; readonly path: string } {
  if (!isTree(url)) return { ...(url === undefined ? {} : { url }), path: '' };
  const { path = '', ...reference } = url as Readonly<Record<string, string>>;
  return { url: reference as unknown as Reference, path };
}
