import type { UsageName } from '../../project/model.ts';
import { exactly, times } from '../range.ts';
import { type Charge, SERVICES } from '../types.ts';
import { at, type Entry, fixed, type Look, listOf, millions, rate, textOf, used } from './look.ts';

const { cloudFront, firewall, loadBalancing, ofEc2, route53, vpc } = SERVICES;
const HOURS = 730;

/** @param by what it is there for: as long as the address is kept, or as long as its instance runs */
export function publicAddress(look: Look, by?: UsageName, count = 1): Charge {
  const item = rate('public-ipv4-hours');
  if (by) return used(look, by, 'public IPv4 address', [vpc, item], count);
  return fixed('public IPv4 address', vpc, item, HOURS * count);
}

const nat: Entry = (look) => [
  fixed('NAT gateway', ofEc2, rate('nat-hours'), HOURS),
  used(look, 'transfer', 'data through it', [ofEc2, rate('nat-gb')]),
];

const balancer: Entry = (look) => {
  const { Type, Scheme, Subnets, SubnetMappings } = look.properties;
  const network = textOf(Type) === 'network';
  if (textOf(Type) === 'gateway') return [{ why: 'a load balancer of gateways' }];
  const name = network ? 'network load balancer' : 'load balancer';
  const zones = Math.max(listOf(Subnets).length, listOf(SubnetMappings).length, 1);
  const internal = textOf(Scheme) === 'internal';
  const capacity = times(look.usage('capacity'), HOURS);
  return [
    fixed(name, loadBalancing, rate(network ? 'nlb-hours' : 'alb-hours'), HOURS),
    {
      what: 'capacity units',
      service: loadBalancing,
      item: rate(network ? 'nlb-capacity' : 'alb-capacity'),
      quantity: capacity,
      on: ['capacity'],
    },
    ...(internal
      ? []
      : [
          publicAddress(look, undefined, zones),
          used(look, 'transfer', 'data out to the Internet', [ofEc2, rate('transfer-out')]),
        ]),
  ];
};

const endpoint: Entry = (look) => {
  const { VpcEndpointType, SubnetIds } = look.properties;
  if ((textOf(VpcEndpointType) ?? 'Gateway') === 'Gateway') return [];
  const zones = Math.max(1, listOf(SubnetIds).length);
  return [
    fixed('endpoint', vpc, rate('endpoint-hours'), HOURS * zones),
    used(look, 'transfer', 'data through it', [vpc, rate('endpoint-gb')]),
  ];
};

const distribution: Entry = (look) => {
  const behaviours = [
    at(look.properties, 'DistributionConfig', 'DefaultCacheBehavior'),
    ...listOf(at(look.properties, 'DistributionConfig', 'CacheBehaviors')),
  ];
  const calls = Math.max(...behaviours.map((one) => listOf(at(one, 'FunctionAssociations')).length));
  return [
    used(look, 'transfer', 'data out', [cloudFront, rate('cloudfront-gb')]),
    millions(look, 'requests', 'requests', [cloudFront, 'cloudfront-requests']),
    ...(calls > 0
      ? [millions(look, 'requests', 'calls of functions', [cloudFront, 'cloudfront-functions'], calls)]
      : []),
  ];
};

const zone: Entry = (look) => [
  fixed('hosted zone', route53, rate('zones')),
  millions(look, 'queries', 'queries', [route53, 'dns-queries']),
];

const acl: Entry = (look) => [
  fixed('web ACL', firewall, rate('firewall')),
  {
    what: 'rules',
    service: firewall,
    item: rate('firewall-rules'),
    quantity: exactly(listOf(look.properties.Rules).length),
    on: [],
  },
  millions(look, 'requests', 'requests', [firewall, 'firewall-requests']),
];

export const NETWORK: Readonly<Record<string, Entry>> = {
  'AWS::EC2::NatGateway': nat,
  'AWS::EC2::EIP': (look) => [publicAddress(look)],
  'AWS::EC2::VPCEndpoint': endpoint,
  'AWS::ElasticLoadBalancingV2::LoadBalancer': balancer,
  'AWS::CloudFront::Distribution': distribution,
  'AWS::Route53::HostedZone': zone,
  'AWS::WAFv2::WebACL': acl,
};
