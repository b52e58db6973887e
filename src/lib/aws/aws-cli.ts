import type { AwsSession } from './session.ts';

/** Command lines of the AWS CLI that act in one account and region. */
const COMMAND =
  /\baws (?:autoscaling|cloudformation|ec2|lambda|logs|rds|s3|secretsmanager|ssm|sts|sso) [a-z][a-z-]*(?![^`;()]* --(?:region|profile|endpoint-url)\b)/g;

/** What of a session decides where it works. */
export type Place = Pick<AwsSession, 'config' | 'region' | 'regionOrigin' | 'endpoint' | 'sandbox'>;

/**
 * A text whose command lines of the AWS CLI act where a session does. The CLI knows the environment and the profiles
 * of this machine, but neither infractl's flags nor its project file: left alone it may act in another account.
 */
export function atAws(text: string, { config, region, regionOrigin, endpoint, sandbox }: Place): string {
  const profile = config.profile ? ` --profile ${config.profile}` : '';
  const known = regionOrigin === 'environment' || regionOrigin === 'profile';
  const place = `${known ? '' : ` --region ${region}`}${profile}${sandbox ? ` --endpoint-url ${endpoint}` : ''}`;
  return text.replace(COMMAND, (line) => line + (line.startsWith('aws sso ') ? profile : place));
}
