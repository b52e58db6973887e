/** What becomes of what a samconfig.toml can say. The keys are the options of `sam`, with `_` for `-`. */

/** What infractl.yaml takes over. */
export const TAKEN: ReadonlySet<string> = new Set([
  'stack_name',
  'region',
  'profile',
  'parameter_overrides',
  'tags',
  'template',
  'template_file',
]);

/** What infractl does by itself, so that nothing is lost without it. */
export const BY_ITSELF: Readonly<Record<string, string>> = {
  capabilities: 'what a template needs is acknowledged by itself',
  confirm_changeset: 'infractl diff shows every change first, and deploy asks where data would be lost',
  fail_on_empty_changeset: 'where nothing is to do nothing fails',
  s3_bucket: 'packages are kept in a bucket of infractl',
  s3_prefix: 'packages are kept in a bucket of infractl',
  resolve_s3: 'packages are kept in a bucket of infractl',
  force_upload: 'packages are uploaded when their content changes',
  guided: 'infractl asks for what is missing',
  save_params: 'parameters stand in infractl.yaml',
  config_env: 'an environment is chosen with --env',
  config_file: 'this file is what was read',
  no_progressbar: 'it is the terminal that decides',
  use_json: 'it makes no difference',
  color: 'it is the terminal that decides',
  debug: 'there is --debug',
  beta_features: 'it makes no difference',
  cached: 'builds are known by their content',
  parallel: 'what can be done at the same time is',
};

/** What infractl does differently, or not at all: somebody must know. */
export const LEFT_OUT: Readonly<Record<string, string>> = {
  role_arn: 'a stack keeps the role that it has, and a new one is made with your own rights',
  notification_arns: 'infractl sets no topics; the stack keeps those that it has',
  disable_rollback: 'a failed deploy is always taken back',
  on_failure: 'a failed deploy is always taken back',
  no_execute_changeset: 'infractl diff shows a change without making it',
  max_wait_duration: 'write "timeout:" at the stack',
  kms_key_id: 'packages are encrypted as their bucket is',
  metadata: 'packages carry no metadata',
  signing_profiles: 'code is not signed',
  image_repository: 'images stand under "images:"',
  image_repositories: 'images stand under "images:"',
  resolve_image_repos: 'images stand under "images:", their repository in a template',
};

export const KNOWN: readonly string[] = [...TAKEN, ...Object.keys(BY_ITSELF), ...Object.keys(LEFT_OUT)];

/** Commands of `sam` whose options say nothing of a deploy. */
export const OTHER_COMMANDS: ReadonlySet<string> = new Set([
  'build',
  'delete',
  'docs',
  'init',
  'list_endpoints',
  'list_resources',
  'list_stack_outputs',
  'local_generate_event',
  'local_invoke',
  'local_start_api',
  'local_start_lambda',
  'logs',
  'package',
  'pipeline_bootstrap',
  'pipeline_init',
  'publish',
  'remote_invoke',
  'remote_test_event',
  'sync',
  'traces',
  'validate',
]);
