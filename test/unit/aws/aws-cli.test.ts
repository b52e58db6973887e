import { expect, it } from 'vitest';
import { atAws } from '../../../src/lib/aws/aws-cli.ts';

const place = {
  config: { region: 'eu-west-3', profile: 'production' },
  region: 'eu-west-3',
  regionOrigin: 'project file',
  endpoint: undefined,
  sandbox: false,
} as const;

it('leads a command of the AWS CLI to the region and profile that the AWS CLI does not know', () => {
  expect(atAws('Put it back: aws ec2 attach-volume --volume-id vol-1', place)).toBe(
    'Put it back: aws ec2 attach-volume --region eu-west-3 --profile production --volume-id vol-1',
  );
  expect(atAws('aws sso login', place)).toBe('aws sso login --profile production');
});

it('leaves alone what the AWS CLI finds by itself, what says where, and what is no command', () => {
  const own = { ...place, config: { region: 'eu-west-3' }, regionOrigin: 'environment' } as const;
  expect(atAws('aws ec2 stop-instances --instance-ids i-1', own)).toBe(
    'aws ec2 stop-instances --instance-ids i-1',
  );
  for (const text of [
    'aws ssm get-parameter --name a --region us-east-1',
    'aws configure list-profiles',
    'aws ce update-cost-allocation-tags-status --cost-allocation-tags-status TagKey=a,Status=Active',
  ])
    expect(atAws(text, place)).toBe(text);
});

it('never reaches AWS from the sandbox', () => {
  const endpoint = 'http://127.0.0.1:4566';
  const sandbox = { ...place, config: { region: 'us-east-1' }, regionOrigin: 'sandbox', region: 'us-east-1' };
  expect(
    atAws('aws rds delete-db-instance --db-instance-identifier a', {
      ...sandbox,
      regionOrigin: 'sandbox',
      endpoint,
      sandbox: true,
    }),
  ).toBe(
    `aws rds delete-db-instance --region us-east-1 --endpoint-url ${endpoint} --db-instance-identifier a`,
  );
  // Also where the region is an ordinary variable's.
  expect(
    atAws('aws sts get-caller-identity', {
      ...sandbox,
      regionOrigin: 'environment',
      endpoint,
      sandbox: true,
    }),
  ).toBe(`aws sts get-caller-identity --endpoint-url ${endpoint}`);
});
