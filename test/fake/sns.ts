import type { Service } from './server.ts';
import { FakeError, parseQuery, queryAnswer, queryError } from './wire.ts';

export interface SnsMessage {
  readonly subject: string | undefined;
  readonly message: string;
}

export interface SnsState {
  /** ARN of a topic → what was published to it, oldest first. A topic that is not here does not exist. */
  readonly topics: Map<string, SnsMessage[]>;
}

export const newSnsState = (): SnsState => ({ topics: new Map() });

const XML = { 'content-type': 'text/xml' };
/** In bytes; of a subject in characters. */
const LONGEST = 256 * 1024;
const LONGEST_SUBJECT = 100;

/** SNS, version 2010-03-31: Publish. */
export const sns: Service = {
  name: 'sns',
  read(request) {
    const parameters = parseQuery(request.body.toString());
    return { action: String(parameters.Action), parameters };
  },
  handle(action, parameters, { state, region, requestId }) {
    if (action !== 'Publish') throw new Error(`the fake's SNS does not know ${action}`);
    const arn = String(parameters.TopicArn);
    if (arn.split(':')[3] !== region) throw invalid('TopicArn');
    const topic = state.sns.topics.get(arn);
    if (!topic) throw new FakeError('NotFound', 'Topic does not exist', 404);
    const subject = parameters.Subject === undefined ? undefined : String(parameters.Subject);
    if (subject !== undefined && (subject.length > LONGEST_SUBJECT || /\p{Cc}/u.test(subject)))
      throw invalid('Subject');
    const message = String(parameters.Message ?? '');
    if (message === '') throw invalid('Empty message');
    if (Buffer.byteLength(message) > LONGEST) throw invalid('Message too long');
    topic.push({ subject, message });
    return { status: 200, headers: XML, body: queryAnswer(action, { MessageId: requestId }, requestId) };
  },
  fail: (error, requestId) => ({
    status: error.status,
    headers: XML,
    body: queryError(error, requestId),
  }),
};

const invalid = (what: string) => new FakeError('InvalidParameter', `Invalid parameter: ${what}`);
