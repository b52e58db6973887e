import type { PricedItem } from '../../prices/index.ts';
import type { Range } from '../../project/model.ts';
import { exactly, times } from '../range.ts';
import { type Charge, SERVICES, type Value } from '../types.ts';
import { at, type Entry, type Found, millions, numberOf, open, rate, textOf, used } from './look.ts';

const { ecr, efs, ofEc2, s3 } = SERVICES;

/** What EBS includes with a gp3 volume. */
const FREE_IOPS = 3000;
const FREE_THROUGHPUT = 125;

const VOLUMES: Readonly<Record<string, PricedItem>> = {
  gp2: { kind: 'storage', of: 'gp2' },
  gp3: { kind: 'storage', of: 'gp3' },
  io1: rate('ebs-io1'),
  io2: rate('ebs-io1'),
  st1: rate('ebs-st1'),
  sc1: rate('ebs-sc1'),
  standard: rate('ebs-standard'),
};

/** A volume of EBS, by the settings of a volume or of a block device. */
export function volume(settings: Value, sizeKey: 'Size' | 'VolumeSize', count: Range): Found[] {
  const type = textOf(at(settings, 'VolumeType')) ?? 'gp2';
  const size = numberOf(at(settings, sizeKey));
  const item = VOLUMES[type];
  if (size === undefined) return [open(sizeKey)];
  if (!item) return [{ why: `a volume of the type ${type}` }];
  const iops = numberOf(at(settings, 'Iops')) ?? 0;
  const speed = numberOf(at(settings, 'Throughput')) ?? 0;
  const charge = (what: string, of: PricedItem, quantity: number): Charge => ({
    what,
    service: ofEc2,
    item: of,
    quantity: times(count, quantity),
    on: [],
  });
  const beyond = type === 'gp3' ? iops - FREE_IOPS : type.startsWith('io') ? iops : 0;
  const perIops = rate(type === 'gp3' ? 'ebs-gp3-iops' : 'ebs-io1-iops');
  return [
    charge(`${type} disk`, item, size),
    ...(beyond > 0 ? [charge(`${type} IOPS`, perIops, beyond)] : []),
    ...(type === 'gp3' && speed > FREE_THROUGHPUT
      ? [charge('gp3 throughput', rate('ebs-gp3-throughput'), speed - FREE_THROUGHPUT)]
      : []),
  ];
}

const bucket: Entry = (look) => [
  used(look, 'storage', 'storage', [s3, rate('s3-storage')]),
  millions(look, 'writes', 'writes', [s3, 's3-writes']),
  millions(look, 'reads', 'reads', [s3, 's3-reads']),
];

export const STORAGE: Readonly<Record<string, Entry>> = {
  'AWS::EC2::Volume': ({ properties }) => volume(properties, 'Size', exactly(1)),
  'AWS::S3::Bucket': bucket,
  'AWS::ECR::Repository': (look) => [used(look, 'images', 'images', [ecr, rate('ecr-storage')])],
  'AWS::EFS::FileSystem': (look) => [used(look, 'storage', 'storage', [efs, rate('efs-storage')])],
};
