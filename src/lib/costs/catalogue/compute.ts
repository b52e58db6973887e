import type { Range } from '../../project/model.ts';
import { exactly, times } from '../range.ts';
import { SERVICES, type Value } from '../types.ts';
import {
  at,
  type Entry,
  type Found,
  isTrue,
  type Look,
  listOf,
  numberOf,
  open,
  others,
  rate,
  refersTo,
  target,
  textOf,
  used,
} from './look.ts';
import { publicAddress } from './network.ts';
import { volume } from './storage.ts';

const { compute, ecs, eks, ofEc2 } = SERVICES;

function machine(look: Look, type: Value | undefined, count: Range): Found[] {
  const written = textOf(type);
  if (written === undefined) return [open('InstanceType')];
  const price = [compute, { kind: 'instance', type: written }] as const;
  return [used(look, 'hours', `${written}, Linux`, price, count)];
}

/** The disks that a machine is started with. What its image says of them is in no template. */
function disks(mappings: Value | undefined, count: Range): Found[] {
  const found = listOf(mappings).flatMap((one) => {
    const settings = at(one, 'Ebs');
    return settings === undefined ? [] : volume(settings, 'VolumeSize', count);
  });
  return found.length > 0 ? found : [{ why: 'its disk: how large it is, its image says' }];
}

const instance: Entry = (look) => {
  const { properties, id } = look;
  const one = exactly(1);
  const launch = target(look, at(properties.LaunchTemplate, 'LaunchTemplateId'));
  const said = (name: string) => properties[name] ?? at(launch?.properties, 'LaunchTemplateData', name);
  const elastic = others(look, /^AWS::EC2::EIP(?:Association)?$/).some(([, eip]) =>
    refersTo(eip.InstanceId, id),
  );
  return [
    ...machine(look, said('InstanceType'), one),
    ...disks(said('BlockDeviceMappings'), one),
    // An elastic address takes the place of the automatic one, and is counted as itself.
    ...(!elastic && isPublic(look) ? [publicAddress(look, 'hours')] : []),
    ...(elastic || isPublic(look) ? [traffic(look)] : []),
  ];
};

function isPublic(look: Look): boolean {
  const { NetworkInterfaces, SubnetId } = look.properties;
  const first = listOf(NetworkInterfaces)[0];
  const said = at(first, 'AssociatePublicIpAddress');
  if (said !== undefined) return isTrue(said);
  const subnet = target(look, SubnetId ?? at(first, 'SubnetId'));
  return isTrue(subnet?.properties.MapPublicIpOnLaunch);
}

export function traffic(look: Look): Found {
  return used(look, 'transfer', 'data out to the Internet', [ofEc2, rate('transfer-out')]);
}

const group: Entry = (look) => {
  const { MinSize, DesiredCapacity, MaxSize, LaunchTemplate, MixedInstancesPolicy } = look.properties;
  const low = numberOf(MinSize);
  if (low === undefined) return [open('MinSize')];
  const typical = Math.max(low, numberOf(DesiredCapacity) ?? low);
  const count = { low, typical, high: Math.max(typical, numberOf(MaxSize) ?? typical) };
  const specification =
    LaunchTemplate ?? at(MixedInstancesPolicy, 'LaunchTemplate', 'LaunchTemplateSpecification');
  const launch = target(look, at(specification, 'LaunchTemplateId'));
  const data = at(launch?.properties, 'LaunchTemplateData');
  if (data === undefined) return [{ why: 'its launch template is not in the same template' }];
  return [
    ...machine(look, at(data, 'InstanceType'), count),
    ...disks(at(data, 'BlockDeviceMappings'), count),
  ];
};

const service: Entry = (look) => {
  const { LaunchType, CapacityProviderStrategy, TaskDefinition, DesiredCount } = look.properties;
  const providers = JSON.stringify(CapacityProviderStrategy ?? null);
  const definition = target(look, TaskDefinition);
  const needs = JSON.stringify(definition?.properties.RequiresCompatibilities ?? null);
  const onFargate = [textOf(LaunchType) ?? '', providers, needs].some((text) => text.includes('FARGATE'));
  // On instances the instances cost, not the service.
  if (!onFargate) return LaunchType === undefined && !definition ? [open('TaskDefinition')] : [];
  const cpu = numberOf(definition?.properties.Cpu);
  const memory = numberOf(definition?.properties.Memory);
  if (cpu === undefined || memory === undefined) return [open('the size of its task')];
  const count = numberOf(DesiredCount ?? 1);
  if (count === undefined) return [open('DesiredCount')];
  const price = (of: 'fargate-cpu-hours' | 'fargate-gb-hours') => [ecs, rate(of)] as const;
  return [
    used(look, 'hours', 'Fargate vCPU', price('fargate-cpu-hours'), times(exactly(cpu / 1024), count)),
    used(look, 'hours', 'Fargate memory', price('fargate-gb-hours'), times(exactly(memory / 1024), count)),
  ];
};

const cluster: Entry = (look) => [used(look, 'hours', 'cluster', [eks, rate('eks-hours')])];

export const COMPUTE: Readonly<Record<string, Entry>> = {
  'AWS::EC2::Instance': instance,
  'AWS::AutoScaling::AutoScalingGroup': group,
  'AWS::ECS::Service': service,
  'AWS::EKS::Cluster': cluster,
};
