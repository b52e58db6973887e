import { CTRL_C, ENTER } from '../../test/helpers/pty.ts';
import { skip } from '../../test/helpers/stuck.ts';
import { until } from '../../test/helpers/until.ts';
import { elided, type RunningLine, type Typist } from './stage.ts';

const DEPLOY = 'infractl deploy --create-stack app';
const SCREEN = { columns: 110, rows: 40 };
const AT_WORK = /Migration Custom::Migration/;

/** A request to the sandbox, for who has no program of AWS. */
export const signed = (service: string) =>
  `curl -sf "$AWS_ENDPOINT_URL/" -H 'Authorization: AWS4-HMAC-SHA256 Credential=test/20260101/eu-west-3/${service}/aws4_request'`;

/** Before such a request. */
export const TO_SANDBOX = 'eval "$(infractl sandbox start --export)"';

/** As by the console: the queue's timeout is 99, the table is gone. */
export const BY_HAND = [
  `(${TO_SANDBOX}`,
  `queue=$(${signed('sqs')} -d Action=ListQueues | grep -o 'http[^<]*shop-data-dev-Orders[^<]*')`,
  `${signed('sqs')} -d "Action=SetQueueAttributes&QueueUrl=$queue&Attribute.1.Name=VisibilityTimeout&Attribute.1.Value=99"`,
  `table=$(${signed('dynamodb')} -H 'X-Amz-Target: DynamoDB_20120810.ListTables' -d '{}' | grep -o 'shop-data-dev-Table[^"]*')`,
  `${signed('dynamodb')} -H 'X-Amz-Target: DynamoDB_20120810.DeleteTable' -d "{\\"TableName\\":\\"$table\\"}")`,
].join(' && ');

/** What is done with `shop`, the project of the README to practise on, while its migration takes its time. */
export class Practice {
  readonly #who: Typist;
  #other: RunningLine | undefined;

  constructor(who: Typist) {
    this.#who = who;
  }

  /** The first deploy of everything, as a terminal shows it in the middle of it. */
  async tree(): Promise<string> {
    const { pty, screen } = this.#who.terminal(['deploy', '--create-stack'], SCREEN);
    await pty.until(/everything waits for Database/);
    const shown = screen();
    await pty.exited;
    return `$ infractl deploy --create-stack\n${shown}`;
  }

  /** A deploy in another terminal, until AWS works on it. */
  async begins(): Promise<void> {
    const other = this.#who.start(DEPLOY);
    await until(() => AT_WORK.test(other.output()), other);
    this.#other = other;
  }

  async othersEnd(): Promise<void> {
    await this.#other?.ended;
  }

  async attach(): Promise<string> {
    await this.begins();
    const text = await this.#who.run('infractl attach app');
    await this.othersEnd();
    return `$ infractl attach app\n${elided(text, [/^\S/, /everything waits/])}`;
  }

  async cancel(): Promise<string> {
    await this.begins();
    const text = await this.#who.run('infractl cancel app');
    await this.othersEnd();
    return `$ infractl cancel app\n${elided(text, [/^\S/, /_FAILED/, /ROLLBACK_IN/])}`;
  }

  /** What somebody else gets to read meanwhile. */
  async locked(): Promise<string> {
    await this.begins();
    const line = 'infractl deploy --create-stack data';
    return `$ ${line}\n${await this.#who.run(line, 6)}`;
  }

  /** After `locked`: the queue, until the other deploy is over. */
  async lockWait(): Promise<string> {
    const line = 'infractl deploy --create-stack data --wait 1m';
    const text = await this.#who.run(line);
    await this.othersEnd();
    return `$ ${line}\n${elided(text, [/^\S/])}`;
  }

  /** A deploy whose machine has died: its lock is broken, then AWS gets done. */
  async unlock(): Promise<string> {
    await this.begins();
    this.#other?.kill('SIGKILL');
    await this.othersEnd();
    const text = await this.#who.run('infractl unlock --confirm shop-dev');
    await this.#who.run('infractl attach app');
    return `$ infractl unlock --confirm shop-dev\n${text}`;
  }

  /** The question, answered with the first that it offers. */
  async ctrlC(): Promise<string> {
    const { pty, screen } = this.#who.terminal(['deploy', '--create-stack', 'app']);
    await pty.until('Migration');
    pty.type(CTRL_C);
    await pty.until('Go on watching');
    const shown = screen();
    pty.type(ENTER);
    await pty.exited;
    await this.#who.run('infractl attach app');
    return `$ ${DEPLOY}\n${shown}`;
  }

  /** The question that a stack raises which is stuck: the index is skipped. */
  async stuck(): Promise<string> {
    const { pty, screen } = this.#who.terminal(['deploy', '--create-stack', 'app'], SCREEN);
    await skip(pty, 'Index');
    await pty.exited;
    return `$ ${DEPLOY}\n${screen()}`;
  }
}
