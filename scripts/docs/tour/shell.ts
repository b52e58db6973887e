import { signed, TO_SANDBOX } from '../practice.ts';

/** Lines of shell for what a reader does by an editor, by git, or in the console of AWS. */

/** A line of shell that makes files. */
export function writes(files: Readonly<Record<string, string>>): string {
  return Object.entries(files)
    .map(([name, text]) => {
      const coded = Buffer.from(text).toString('base64');
      return `mkdir -p "$(dirname ${name})" && echo ${coded} | base64 -d > ${name}`;
    })
    .join(' && ');
}

/** The script of the bot is mended, and its words have changed. */
export const GOOD_RELEASE =
  "sed -i 's/known.nothing or/known or/; s/Ask me about/Try/' app/mbot/bot.py && infractl redeploy --settle 1s";
let passwords = 0;
/** A value for what is a secret in the file that it stands in. */
export const madeUp = () => `made-up-${++passwords}`;
export const SET_OFF = 'infractl monitoring alarms test my-auth-dev-errors --yes';
/** Changes a text in a file that has it. */
export const sed = (file: string, from: string, to: string) =>
  `grep -q '${from}' ${file} && sed -i 's#${from}#${to}#' ${file}`;
export const commit = (what: string) =>
  `git -c user.name=Ada -c user.email=ada@example.com commit -qam ${what}`;
/** Takes the newest commit back by another one. */
export const REVERT = 'git -c user.name=Ada -c user.email=ada@example.com revert --no-edit HEAD';
export const version = (to: number) => `sed -i 's/Version: [0-9]*/Version: ${to}/' infractl.yaml`;
/** The newest run of the journal, in place of the one that the page names. */
export const newestRun = async (line: string, who: { run(line: string): Promise<string> }) => {
  const [{ id }] = JSON.parse(await who.run('infractl history --json')) as [{ id: string }];
  return line.replace(/[0-9a-f]{6}$/, id.slice(-6));
};

const logs = (action: string, body: object) =>
  `(${TO_SANDBOX} && ${signed('logs')} -H 'X-Amz-Target: Logs_20140328.${action}' -d '${JSON.stringify(body)}')`;
/** A log of the reader's own. */
export const logGroup = (name: string) =>
  `${logs('CreateLogGroup', { logGroupName: `/demo/${name}` })} && ${logs('CreateLogStream', { logGroupName: `/demo/${name}`, logStreamName: 'one' })}`;
/** Lines in a log of the reader's own. */
export const logged = (group: string, ...messages: readonly string[]) =>
  logs('PutLogEvents', {
    logGroupName: `/demo/${group}`,
    logStreamName: 'one',
    logEvents: messages.map((message) => ({ timestamp: Date.now(), message })),
  });

/** A database to back up. */
export const A_DATABASE = `(${TO_SANDBOX} && ${signed('rds')} -d 'Action=CreateDBInstance&Version=2014-10-31&DBInstanceIdentifier=shop&DBInstanceClass=db.t3.micro&Engine=postgres&AllocatedStorage=20&StorageEncrypted=true&MasterUsername=shop&ManageMasterUserPassword=true')`;

const requests = Array.from({ length: 7 }, (_, n) => `GET /orders/${n} 200`);
/** What has become of requests in the reader's own logs, oldest first. */
export const WENT_WRONG = [
  logged(
    'a',
    ...requests,
    ...Array.from({ length: 12 }, (_, n) => `ERROR order ${n} failed: no stock`),
    '{"level":"error","message":"cannot reach database","host":"db-1","code":"ETIMEDOUT"}',
    'TypeError: x is not a function\n    at a (index.js:1)\n    at b (index.js:2)',
  ),
  logged('b', ...requests),
].join(' && ');
