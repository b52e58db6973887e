import type { Session } from '../../scripts/docs/stage.ts';

const TEMPLATE = `Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: nodejs24.x
      Handler: index.handler
      CodeUri: ../src
`;

/** A function of SAM whose code is beside its template. */
export const ORDERS: Readonly<Record<string, string>> = {
  'infractl.yaml': 'project: orders\nregion: eu-west-3\nstacks:\n  app: { template: infra/app.yaml }\n',
  'infra/app.yaml': TEMPLATE,
};

/** Code beside a template, and code that is not there. */
export const session: Session = {
  place: 'the sandbox',
  quick: true,
  makes: ['no-code', 'packed'],
  async play(stage) {
    await stage.sandbox();
    stage.env.INFRACTL_SANDBOX = '1';
    stage.cd('orders');
    for (const [name, text] of Object.entries(ORDERS)) stage.put(name, text);
    await stage.run('infractl sandbox start');
    await stage.shows('no-code', { line: 'infractl deploy --create-stack', exit: 2 });
    stage.put('src/index.js', 'exports.handler = async () => ({ statusCode: 200 });\n');
    await stage.run('infractl deploy --create-stack');
    stage.put('src/index.js', 'exports.handler = async () => ({ statusCode: 201 });\n');
    await stage.shows('packed', { line: 'infractl deploy --create-stack', only: [/^\S/] });
  },
};
