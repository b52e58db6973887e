// Projects of many stacks, for the figures of the bench.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const TEMPLATE = `Parameters:
  A: { Type: String, Default: "-" }
  B: { Type: String, Default: "-" }
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties: { VisibilityTimeout: 30, Tags: [{ Key: a, Value: !Ref A }, { Key: b, Value: !Ref B }] }
Outputs:
  Name: { Value: !GetAtt Queue.QueueName }
`;

/** A grid: each stack takes outputs of the one on its left and the one above. Every stack has a template of its own. */
export function writeGrid(folder, count, width) {
  mkdirSync(folder, { recursive: true });
  const lines = Array.from({ length: count }, (_, i) => {
    writeFileSync(path.join(folder, `t${i}.yaml`), TEMPLATE);
    const left = i % width > 0 ? [`A: { output: s${i - 1}.Name }`] : [];
    const above = i >= width ? [`B: { output: s${i - width}.Name }`] : [];
    return `  s${i}: { template: t${i}.yaml, parameters: { ${[...left, ...above].join(', ')} } }`;
  });
  writeFileSync(
    path.join(folder, 'infractl.yaml'),
    `project: grid${count}\nregion: eu-west-3\nstacks:\n${lines.join('\n')}\n`,
  );
}
