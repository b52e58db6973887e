import type { Project } from '../project/model.ts';

/** The actions without which a kind of work fails half way. What only looks is left out: it says what it lacks itself. */
const STACKS = [
  'cloudformation:CreateChangeSet',
  'cloudformation:DeleteStack',
  'cloudformation:DescribeChangeSet',
  'cloudformation:DescribeStackEvents',
  'cloudformation:DescribeStacks',
  'cloudformation:ExecuteChangeSet',
  'cloudformation:GetTemplate',
  's3:GetObject',
  's3:ListBucket',
  's3:PutObject',
];
const IMAGES = [
  'ecr:BatchCheckLayerAvailability',
  'ecr:BatchGetImage',
  'ecr:CompleteLayerUpload',
  'ecr:DescribeImages',
  'ecr:GetAuthorizationToken',
  'ecr:InitiateLayerUpload',
  'ecr:PutImage',
  'ecr:UploadLayerPart',
];
const FUNCTIONS = [
  'lambda:GetAlias',
  'lambda:GetFunctionConfiguration',
  'lambda:PublishVersion',
  'lambda:UpdateAlias',
  'lambda:UpdateFunctionCode',
];
const SITES = [
  'cloudfront:CreateInvalidation',
  'cloudfront:GetDistribution',
  's3:DeleteObject',
  's3:GetObject',
  's3:ListBucket',
  's3:PutObject',
];
const HOSTS = ['ec2:DescribeInstances', 'ec2:StartInstances', 'ec2:StopInstances'];
const BACKUPS = ['ec2:CreateSnapshots', 'ec2:CreateTags', 'ec2:DeleteSnapshot', 'ec2:DescribeSnapshots'];

/** The actions that a project needs, each once, in order. */
export function neededActions(
  project: Pick<Project, 'stacks' | 'images' | 'functions' | 'sites' | 'hosts' | 'backups'>,
): string[] {
  const wanted = [
    project.stacks.size > 0 ? STACKS : [],
    project.images.size > 0 ? IMAGES : [],
    project.functions.size > 0 ? FUNCTIONS : [],
    project.sites.size > 0 ? SITES : [],
    project.hosts.size > 0 ? HOSTS : [],
    project.backups.size > 0 ? BACKUPS : [],
  ].flat();
  return [...new Set(wanted)].sort();
}

/**
 * Whose policies are asked about: a user, or the role behind a session.
 *
 * @returns undefined for the root user, a federated user, and whatever IAM cannot simulate
 */
export function principalOf(arn: string): { readonly user: string } | { readonly role: string } | undefined {
  const session = /^arn:[\w-]+:sts::\d+:assumed-role\/([^/]+)\//.exec(arn);
  if (session?.[1]) return { role: session[1] };
  return /^arn:[\w-]+:iam::\d+:user\//.test(arn) ? { user: arn } : undefined;
}
