import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { atAws, leadTo, type Place } from '../../../src/lib/aws/aws-cli.ts';

const shop: Place = { profile: 'production', region: 'eu-west-3', endpoint: undefined, sandbox: false };
const sandbox: Place = {
  profile: 'production',
  region: 'us-east-1',
  endpoint: 'http://127.0.0.1:4566',
  sandbox: true,
};

describe('a command of the AWS CLI', () => {
  it('is led to the region and profile of the session', () => {
    expect(atAws('Put it back: aws ec2 attach-volume --volume-id vol-1', shop)).toBe(
      'Put it back: aws ec2 attach-volume --volume-id vol-1 --region eu-west-3 --profile production',
    );
    expect(atAws('aws ec2 wait volume-available --volume-ids vol-1', shop)).toBe(
      'aws ec2 wait volume-available --volume-ids vol-1 --region eu-west-3 --profile production',
    );
    // What may be more of the sentence is not a flag's.
    expect(atAws('See: aws ecr delete-repository --repository-name a --force deletes it too.', shop)).toBe(
      'See: aws ecr delete-repository --region eu-west-3 --profile production --repository-name a --force deletes it too.',
    );
    expect(atAws('Empty it: aws s3 rm s3://a --recursive (and its versions).', shop)).toBe(
      'Empty it: aws s3 rm --region eu-west-3 --profile production s3://a --recursive (and its versions).',
    );
    // IAM Identity Center is not the region's, nor at another address.
    expect(atAws('aws sso login', shop)).toBe('aws sso login --profile production');
    expect(atAws('aws sts get-caller-identity', { ...shop, profile: 'my shop' })).toContain(
      " --profile 'my shop'",
    );
  });

  it('never reaches the real AWS from the sandbox, whatever it says itself', () => {
    for (const line of [
      'aws rds delete-db-instance --db-instance-identifier a',
      'aws ec2 delete-volume --region us-east-1 --volume-id vol-1',
      'aws ec2 stop-instances --instance-ids i-1 --region us-east-1 --profile production',
    ])
      expect(atAws(line, sandbox)).toContain(' --endpoint-url http://127.0.0.1:4566');
    expect(atAws('aws sts get-caller-identity', sandbox)).toBe(
      'aws sts get-caller-identity --region us-east-1 --endpoint-url http://127.0.0.1:4566',
    );
  });

  it('is each led by itself where several stand in a line', () => {
    const [first, second] = atAws(
      'aws ec2 detach-volume --volume-id vol-1 && aws ec2 delete-volume --volume-id vol-1 --region us-east-1',
      sandbox,
    ).split(' && ');
    expect(first).toMatch(/ --volume-id vol-1 --region us-east-1 --endpoint-url \S+$/);
    expect(second).toMatch(/^aws ec2 delete-volume --volume-id vol-1 --region us-east-1 --endpoint-url \S+$/);
  });

  it.each([
    'aws configure list-profiles',
    'eval "$(aws configure export-credentials --format env)"',
    // In the management account, whichever that is.
    'aws ce update-cost-allocation-tags-status --cost-allocation-tags-status TagKey=a,Status=Active',
    'aws sso login --profile other',
    'Or unset those variables, so that a profile is used: aws sso login, then --profile NAME.',
    'What AWS says of it.',
  ])('%s: as it is', (text) => expect(atAws(text, shop)).toBe(text));

  it('once more changes nothing', () => {
    const words = fc.constantFrom(
      'aws ec2 stop-instances',
      'aws sso login',
      'aws ec2 wait instance-stopped',
      'infractl manage status',
      '--region eu-west-3',
      '--profile production',
      '--instance-ids i-1',
      '&&',
      ';',
      '(see it)',
      'Then:',
    );
    const place = fc.constantFrom(shop, sandbox, { ...shop, profile: undefined });
    fc.assert(
      fc.property(fc.array(words), place, (all, where) => {
        const lead = leadTo(' --env prod', where);
        const once = lead(all.join(' '));
        expect(lead(once)).toBe(once);
      }),
    );
  });
});
