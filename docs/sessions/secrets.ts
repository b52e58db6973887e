import type { Session } from '../../scripts/docs/stage.ts';

/** Secrets out of a file and into Secrets Manager. The values are made up at each run. */
export const session: Session = {
  place: 'the sandbox',
  quick: true,
  makes: ['secrets', 'secrets-list', 'secrets-check'],
  async play(stage) {
    await stage.sandbox();
    stage.env.INFRACTL_SANDBOX = '1';
    await stage.run('infractl init auth-manager my-auth --variant zip');
    stage.cd('my-auth');
    await stage.run('infractl sandbox start');
    await stage.run(
      'git init -q && git add -A && git -c user.name=Ada -c user.email=ada@example.com commit -qm first',
    );
    await stage.shows(
      'secrets',
      'infractl secrets import .env.secrets',
      'openssl rand -hex 20 | infractl secrets set auth/jwt',
    );
    stage.change('infractl.yaml', '{ env: JWT_SECRET }', '{ secret: my-auth/dev, key: JWT_SECRET }');
    await stage.shows('secrets-list', 'infractl secrets list');
    await stage.run(
      'git add -f .env.secrets && git -c user.name=Ada -c user.email=ada@example.com commit -qm oh',
    );
    await stage.run('chmod go+r .env.secrets');
    await stage.shows('secrets-check', { line: 'infractl secrets check', exit: 1 });
  },
};
