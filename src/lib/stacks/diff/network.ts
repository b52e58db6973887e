import type { Plain } from '../template/yaml.ts';
import { isTree } from './evaluate.ts';
import type { Widening } from './types.ts';
import { inline } from './values.ts';

/** Who may reach what over the network: the rules of security groups. Pure. */

interface Rule {
  readonly way: 'in' | 'out';
  /** As AWS writes it: `tcp`, `-1` for all. */
  readonly protocol: string;
  readonly from: number;
  readonly to: number;
  /** A CIDR, or whatever else names the other side. */
  readonly peer: string;
}

const GROUP = 'AWS::EC2::SecurityGroup';
const SINGLE: Readonly<Record<string, 'in' | 'out'>> = {
  'AWS::EC2::SecurityGroupIngress': 'in',
  'AWS::EC2::SecurityGroupEgress': 'out',
};
const EVERYWHERE = new Set(['0.0.0.0/0', '::/0']);

/** What a security group, or a rule on its own, lets through that it did not before. */
export function widenedNetwork(
  type: string,
  before: Plain | undefined,
  after: Plain | undefined,
): Widening[] {
  const known = rulesOf(type, before);
  return rulesOf(type, after)
    .filter((rule) => !known.some((old) => covers(old, rule)))
    .map((rule) => ({ kind: 'network', text: words(rule), wide: EVERYWHERE.has(rule.peer) }));
}

function rulesOf(type: string, properties: Plain | undefined): Rule[] {
  if (!isTree(properties)) return [];
  const single = SINGLE[type];
  if (single) return [ruleOf(single, properties)];
  if (type !== GROUP) return [];
  const list = (value: Plain | undefined): readonly Plain[] => (Array.isArray(value) ? value : []);
  return [
    ...list(properties.SecurityGroupIngress).map((rule) => ruleOf('in', rule)),
    ...list(properties.SecurityGroupEgress).map((rule) => ruleOf('out', rule)),
  ];
}

const PEERS = [
  'CidrIp',
  'CidrIpv6',
  'SourceSecurityGroupId',
  'SourceSecurityGroupName',
  'SourcePrefixListId',
  'DestinationSecurityGroupId',
  'DestinationPrefixListId',
];
const PROTOCOLS: Readonly<Record<string, string>> = { '6': 'tcp', '17': 'udp', '1': 'icmp', '58': 'icmpv6' };

function ruleOf(way: 'in' | 'out', rule: Plain): Rule {
  // A rule that cannot be read is one that could let anything through.
  if (!isTree(rule)) return { way, protocol: '-1', from: 0, to: 65_535, peer: inline(rule) };
  const peer = PEERS.map((name) => rule[name]).find((value) => value !== undefined) ?? '';
  const written = inline(rule.IpProtocol ?? '-1').toLowerCase();
  const protocol = PROTOCOLS[written] ?? written;
  const port = (value: Plain | undefined, open: number) => {
    const found = Number(typeof value === 'string' || typeof value === 'number' ? value : Number.NaN);
    return Number.isNaN(found) || found === -1 ? open : found;
  };
  const all = protocol === '-1';
  return {
    way,
    protocol,
    from: all ? 0 : port(rule.FromPort, 0),
    to: all ? 65_535 : port(rule.ToPort, 65_535),
    peer: inline(peer),
  };
}

function covers(old: Rule, rule: Rule): boolean {
  return (
    old.way === rule.way &&
    (old.protocol === '-1' || old.protocol === rule.protocol) &&
    old.from <= rule.from &&
    old.to >= rule.to &&
    contains(old.peer, rule.peer)
  );
}

/** Whether a range of addresses holds another one; what is no range is only itself. */
export function contains(outer: string, inner: string): boolean {
  if (outer === inner || (outer === '::/0' && inner.includes(':') && inner.includes('/'))) return true;
  const [a, b] = [ipv4(outer), ipv4(inner)];
  if (!a || !b || a.bits > b.bits) return false;
  const shift = 2 ** (32 - a.bits);
  return Math.floor(a.address / shift) === Math.floor(b.address / shift);
}

function ipv4(text: string): { address: number; bits: number } | undefined {
  const found = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(text);
  if (!found) return undefined;
  const [a = 0, b = 0, c = 0, d = 0, bits = 33] = found.slice(1).map(Number);
  if (bits > 32 || [a, b, c, d].some((octet) => octet > 255)) return undefined;
  return { address: ((a * 256 + b) * 256 + c) * 256 + d, bits };
}

function words({ way, protocol, from, to, peer }: Rule): string {
  const ports =
    protocol === '-1'
      ? 'on every port and protocol'
      : from === 0 && to === 65_535
        ? `on every port of ${protocol}`
        : `on ${protocol} ${from === to ? from : `${from}-${to}`}`;
  const who = EVERYWHERE.has(peer) ? `everybody (${peer})` : peer || 'an unnamed peer';
  return way === 'in' ? `lets ${who} in ${ports}` : `lets it out to ${who} ${ports}`;
}
