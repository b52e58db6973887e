// What CloudFormation does when a property changes, from AWS's own service specification: which properties
// make it replace the resource, and which types keep data that goes with them. Run by hand after an update
// of the development dependency @aws-cdk/aws-service-spec; the result is committed.
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadAwsServiceSpecSync } from '@aws-cdk/aws-service-spec';

const target = path.join(
  path.dirname(path.dirname(fileURLToPath(import.meta.url))),
  'src/lib/stacks/diff/replacements.data.ts',
);
const { version } = createRequire(import.meta.url)('@aws-cdk/aws-service-spec/package.json');

/**
 * Types that keep something which is in no template, and that the specification does not count: images,
 * the root volume of an instance, queues and databases that came later.
 */
const MORE_STATEFUL = [
  'AmazonMQ::Broker',
  'Cassandra::Keyspace',
  'Cassandra::Table',
  'CodeCommit::Repository',
  'DAX::Cluster',
  'EC2::Instance',
  'ECR::PublicRepository',
  'ECR::Repository',
  'ElastiCache::ServerlessCache',
  'MSK::Cluster',
  'MSK::ServerlessCluster',
  'MemoryDB::Cluster',
  'OpenSearchServerless::Collection',
  'RDS::GlobalCluster',
  'RedshiftServerless::Namespace',
  'S3Express::DirectoryBucket',
  'S3Tables::Table',
  'S3Tables::TableBucket',
  'Timestream::Database',
  'Timestream::InfluxDBInstance',
  'Timestream::Table',
];
/** A nested stack is what is in it. */
const NOT_STATEFUL = ['CloudFormation::Stack'];
/** Deeper properties are told by the change set, which knows better anyway. */
const DEEPEST = 3;

const db = loadAwsServiceSpecSync();
const definitions = new Map(db.all('typeDefinition').map((one) => [one.$id, one]));

/** `Name`, `Name?` where the change decides, `Outer/Inner` inside of a property. */
function replacing(properties, before, depth, seen) {
  return Object.entries(properties).flatMap(([name, property]) => {
    const here = before ? `${before}/${name}` : name;
    if (property.causesReplacement === 'yes') return [here];
    if (property.causesReplacement === 'maybe') return [`${here}?`];
    if (depth === DEEPEST) return [];
    const inside = definitionOf(property.type);
    if (!inside || seen.has(inside)) return [];
    return replacing(inside.properties, here, depth + 1, new Set([...seen, inside]));
  });
}

function definitionOf(type) {
  if (type?.type === 'ref') return definitions.get(type.reference.$ref);
  if (type?.type === 'array' || type?.type === 'map') return definitionOf(type.element);
  return undefined;
}

const stateful = new Set(MORE_STATEFUL);
const services = new Map();
for (const resource of db.all('resource')) {
  const name = /^AWS::(.+)$/.exec(resource.cloudFormationType)?.[1];
  if (!name) continue;
  if (resource.isStateful && !NOT_STATEFUL.includes(name)) stateful.add(name);
  const [service, type] = name.split('::');
  // The specification takes every property of SAM's types for one that replaces; facts.ts reads those by
  // the type that SAM makes of them.
  if (service === 'Serverless') continue;
  const names = replacing(resource.properties, '', 1, new Set()).sort();
  const known = services.get(service) ?? new Map();
  known.set(type, names);
  services.set(service, known);
}

const lines = [...services]
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .map(([service, types]) => {
    const packed = [...types]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(
        ([type, names]) =>
          `${type}${stateful.has(`${service}::${type}`) ? '!' : ''}${names.length > 0 ? `=${names.join(',')}` : ''}`,
      );
    return `${service}:${packed.join(';')}`;
  });

writeFileSync(
  target,
  `// Made by scripts/replacements.mjs from @aws-cdk/aws-service-spec ${version} (Apache-2.0). Do not edit.
// One line a service: \`Type!=Property,Property?,Outer/Inner;Type\`. \`!\` keeps data, \`?\` replaces at times.
// biome-ignore format: one line a service
export const PACKED = \`
${lines.join('\n')}
\`;
`,
);
const bytes = Buffer.byteLength(lines.join('\n'));
process.stdout.write(`${lines.length} services, ${stateful.size} types with data, ${bytes} bytes\n`);
