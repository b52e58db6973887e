import { createHash } from 'node:crypto';

const LONGEST = 63;

/**
 * The name of a project's artifact bucket: `infractl-<project>-<account>-<region>`. A project name that S3
 * would refuse or that is too long is shortened and gets a hash of itself, so that two never meet.
 */
export function artifactBucketName(project: string, account: string, region: string): string {
  const tail = `-${account}-${region}`;
  const room = LONGEST - 'infractl-'.length - tail.length;
  const plain = project.toLowerCase().replace(/[^a-z0-9-]+/g, '-');
  if (plain === project && plain.length <= room && /^[a-z0-9](?:.*[a-z0-9])?$/.test(plain))
    return `infractl-${plain}${tail}`;
  const hash = createHash('sha256').update(project).digest('hex').slice(0, 8);
  const start = plain.slice(0, Math.max(0, room - hash.length - 1)).replace(/^-+|-+$/g, '');
  return `infractl-${start ? `${start}-` : ''}${hash}${tail}`;
}
