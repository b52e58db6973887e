import { instanceHandlers } from './ec2-instances.ts';
import { snapshotHandlers } from './ec2-snapshots.ts';
import { templateHandlers } from './ec2-templates.ts';
import { volumeHandlers } from './ec2-volumes.ts';
import { type Ec2Handlers, ec2Xml, numbered, tooMany } from './ec2-wire.ts';
import type { Service } from './server.ts';
import { escapeXml, FakeError, type Parameters, parseQuery } from './wire.ts';

/** One table a file; a new part of EC2 is a file with its handlers, and a line here. */
const HANDLERS: Ec2Handlers = {
  ...instanceHandlers,
  ...snapshotHandlers,
  ...volumeHandlers,
  ...templateHandlers,
};

/** EC2's API, version 2016-11-15: the ec2Query protocol. `DryRun` answers before anything is done. */
export const ec2: Service = {
  name: 'ec2',
  read(request) {
    const parameters = numbered(parseQuery(request.body.toString())) as Parameters;
    return { action: String(parameters.Action), parameters };
  },
  handle(action, parameters, context) {
    const handler = HANDLERS[action];
    if (!handler) throw new Error(`the fake's EC2 does not know ${action}`);
    if (!context.buckets.take(`ec2:${action}`, context.clock.now())) throw tooMany();
    if (parameters.DryRun === 'true') {
      throw new FakeError('DryRunOperation', 'Request would have succeeded, but DryRun flag is set.', 412);
    }
    const body =
      `<${action}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>${context.requestId}</requestId>` +
      `${ec2Xml(handler(parameters, context))}</${action}Response>`;
    return {
      status: 200,
      headers: { 'content-type': 'text/xml', date: new Date(context.clock.now()).toUTCString() },
      body,
    };
  },
  fail: (error, requestId) => ({
    status: error.status,
    headers: { 'content-type': 'text/xml' },
    body:
      `<Response><Errors><Error><Code>${error.code}</Code><Message>${escapeXml(error.message)}</Message></Error></Errors>` +
      `<RequestID>${requestId}</RequestID></Response>`,
  }),
};
