import { type Attempting, aroundAttempts } from './attempts.ts';
import { underneath } from './errors.ts';
import type { AwsSession } from './session.ts';

/** One attempt of one AWS call, for `--debug`. Its parameters are left out: they may hold secrets. */
export interface AwsCall {
  /** As IAM names it, as far as the SDK tells: `cloudformation:DescribeStacks`. */
  readonly action: string;
  readonly region: string;
  /** The HTTP status, or the name of what went wrong before there was one. */
  readonly status: string;
  /** Milliseconds until the answer's head was there and read. */
  readonly ms: number;
  /** 1, 2, … as the SDK tries again. */
  readonly attempt: number;
}

/** Attempts that have no answer yet. */
export interface SilenceWatch {
  /** Milliseconds without an answer until it is told. */
  readonly after: number;
  /** @param action `cloudformation:DescribeStacks` */
  readonly tell: (action: string, region: string) => void;
}

/** Calls that take long without anything being wrong: they carry a lot, or wait for a function. */
const LONG = /:(?:PutObject|UploadPart|UpdateFunctionCode|Invoke)$/;

/** A client, with the region that it calls. */
interface Traceable extends Attempting {
  readonly config: { region(): Promise<string> };
}

/** A client that tells the session of each attempt, and of those that AWS leaves without an answer; as it is where nobody listens. */
export function traced<C extends Traceable>(client: C, session: AwsSession): C {
  const { onCall, silence } = session;
  if (!onCall && !silence) return client;
  return aroundAttempts(client, 'infractlTrace', (next, context: RequestContext) => async (args) => {
    const started = performance.now();
    const action = actionOf(context);
    const timer =
      silence && !LONG.test(action)
        ? setTimeout(async () => silence.tell(action, await client.config.region()), silence.after).unref()
        : undefined;
    let status = '';
    try {
      const answer = await next(args);
      status = String(answer.response?.statusCode ?? '');
      return answer;
    } catch (error) {
      const e = underneath(error);
      const code = e.$metadata?.httpStatusCode ?? e.$response?.statusCode;
      status = code ? `${code} ${e.name}` : (e.code ?? e.name);
      throw error;
    } finally {
      clearTimeout(timer);
      onCall?.({
        action,
        region: await client.config.region(),
        status,
        ms: performance.now() - started,
        attempt: Number(/attempt=(\d+)/.exec(args.request?.headers?.['amz-sdk-request'] ?? '')?.[1] ?? 1),
      });
    }
  });
}

/** What the SDK has written down of a request. */
interface RequestContext {
  readonly clientName?: string;
  readonly commandName?: string;
}

function actionOf(context: RequestContext): string {
  const service = context.clientName?.replace(/Client$/, '').toLowerCase() ?? '';
  return `${service}:${context.commandName?.replace(/Command$/, '') ?? ''}`;
}
