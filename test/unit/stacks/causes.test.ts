import { describe, expect, it } from 'vitest';
import { denialIn } from '../../../src/lib/stacks/diagnosis/causes/denial.ts';
import { stopMeaning } from '../../../src/lib/stacks/diagnosis/ecs-tasks.ts';
import { logMeaning } from '../../../src/lib/stacks/diagnosis/init-error.ts';

describe('a refusal', () => {
  const who = 'User: arn:aws:sts::1:assumed-role/ci/x is not authorized to perform: iam:PassRole';
  it.each([
    [
      `${who} on resource: arn:r because no identity-based policy allows the iam:PassRole action`,
      'missing',
      'identity-based policy',
    ],
    [
      `${who} on resource: arn:r because no permissions boundary allows the iam:PassRole action`,
      'missing',
      'permissions boundary',
    ],
    [
      `${who} on resource: arn:r because no service control policy allows the iam:PassRole action`,
      'missing',
      'service control policy',
    ],
    [
      `${who} on resource: arn:r because no session policy allows the iam:PassRole action`,
      'missing',
      'session policy',
    ],
    [
      `${who} on resource: arn:r because no resource-based policy allows the iam:PassRole action`,
      'missing',
      'resource-based policy',
    ],
    [
      `${who} because no VPC endpoint policy allows the iam:PassRole action`,
      'missing',
      'VPC endpoint policy',
    ],
    [
      `${who} on resource: arn:r with an explicit deny in an identity-based policy`,
      'explicit',
      'identity-based policy',
    ],
    [
      `${who} on resource: arn:r with an explicit deny in a resource control policy`,
      'explicit',
      'resource control policy',
    ],
    [`${who} on resource: arn:r`, 'unknown', undefined],
  ])('is read in full: %s', (reason, kind, policy) => {
    expect(denialIn(reason)).toMatchObject({
      principal: 'arn:aws:sts::1:assumed-role/ci/x',
      action: 'iam:PassRole',
      kind,
      policy,
    });
  });

  it('without AWS’s words is none', () => expect(denialIn('Access Denied')).toBeUndefined());
});

describe('the log of a function that cannot start', () => {
  it.each([
    [
      '{"errorType":"Runtime.ImportModuleError","errorMessage":"Error: Cannot find module \'pg\'\\nRequire stack:"}',
      'the module pg is not in its package',
    ],
    [
      "[ERROR] Runtime.ImportModuleError: Unable to import module 'app': No module named 'requests'",
      'the module requests is not',
    ],
    [
      'Runtime.HandlerNotFound: index.handle is undefined or not exported',
      'no function of the name that Handler says',
    ],
    ["Runtime.MalformedHandlerName: Bad handler 'index'", 'no function of the name that Handler says'],
    ["[ERROR] Runtime.HandlerNotFound: Handler 'handle' missing on module 'app'", 'that Handler says'],
    ['Runtime.ImportModuleError: Error: SyntaxError in module', 'its code cannot be loaded'],
    ['Error: fork/exec /var/task/bootstrap: permission denied', 'entry point'],
    ['IMAGE Launch error: fork/exec /app: no such file or directory', 'entry point'],
    ['RequestId: 1 Error: exec: exec format error', 'another architecture'],
    ['Error Type: Runtime.OutOfMemory', 'more memory than it has'],
    ['INIT_REPORT Init Duration: 12.3 ms Phase: init Status: error', 'ended while it started'],
    ['Runtime.UserCodeSyntaxError: SyntaxError: Unexpected token', 'syntax error'],
    [
      'INIT_REPORT Init Duration: 12 ms Phase: init Status: error Error Type: Runtime.InvalidEntrypoint',
      'entry point',
    ],
    ['2026-01-05T09:00:03Z 1-2-3 Task timed out after 3.00 seconds', 'after 3 s: its Timeout'],
    ['INIT_REPORT Init Duration: 9999.54 ms\tPhase: init\tStatus: timeout', 'within the 10 s'],
    ['RequestId: 1 Error: Runtime exited with error: signal: killed\nRuntime.ExitError', 'more memory'],
    [
      'RequestId: 1 Error: Runtime exited with error: exit status 129\nRuntime.ExitError',
      'ended while it started',
    ],
  ])('says why: %s', (line, why) => expect(logMeaning(['START', line])?.why).toContain(why));

  it('says nothing of ordinary lines', () => expect(logMeaning(['START', 'hello', 'END'])).toBeUndefined());
});

describe('a stopped task of ECS', () => {
  const stopped = (reason: string, exitCode?: number, said?: string) =>
    stopMeaning({ reason, containers: [{ name: 'app', exitCode, reason: said }] })?.why;
  it.each([
    [
      'Task failed to start',
      undefined,
      'CannotPullContainerError: pull image manifest has been retried 1 time(s)',
      'could not pull',
    ],
    [
      'ResourceInitializationError: unable to pull secrets or registry auth: secret x',
      undefined,
      undefined,
      'secret or parameter',
    ],
    ['Task failed ELB health checks in (target-group arn:x)', 0, undefined, 'health check'],
    [
      'Essential container in task exited',
      137,
      'OutOfMemoryError: Container killed due to memory usage',
      'more memory',
    ],
    ['Essential container in task exited', 255, 'exec format error', 'architecture'],
    [
      'Task failed to start',
      undefined,
      "CannotPullContainerError: image Manifest does not contain descriptor matching platform 'linux/amd64'",
      'architecture',
    ],
    [
      'ResourceInitializationError: failed to validate logger args: The specified log group does not exist.',
      undefined,
      undefined,
      'the log of the task',
    ],
    [
      'CannotStartContainerError: failed to initialize logging driver: failed to create Cloudwatch log stream',
      undefined,
      undefined,
      'the log of the task',
    ],
    ['Task failed container health checks', undefined, undefined, 'health check'],
    [
      'service shop was unable to place a task because no container instance met all of its requirements',
      undefined,
      undefined,
      'room for the task',
    ],
    ['RESOURCE:MEMORY', undefined, undefined, 'room for the task'],
    ['Capacity is unavailable at this time', undefined, undefined, 'room for the task'],
    ['Essential container in task exited', 1, undefined, 'exit code 1'],
    ['Essential container in task exited', 137, undefined, 'it was killed'],
  ] as const)('%s %s %s', (reason, exit, said, why) => expect(stopped(reason, exit, said)).toContain(why));

  it('that simply ended says no more', () => {
    expect(stopped('Scaling activity initiated by (deployment x)', 0)).toBeUndefined();
  });
});
