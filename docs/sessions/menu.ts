import { menu } from '../../scripts/docs/on-terminals.ts';
import type { Session } from '../../scripts/docs/stage.ts';

/** The menu, and what a script gets to read: a refusal, a value, an error. */
export const session: Session = {
  place: 'the sandbox',
  quick: true,
  makes: ['menu', 'protected-name', 'json-value', 'json-error'],
  async play(stage) {
    await stage.sandbox();
    stage.env.INFRACTL_SANDBOX = '1';
    await stage.run('infractl init auth-manager my-auth');
    stage.cd('my-auth');
    await stage.run('infractl sandbox start');
    await stage.shows('protected-name', { line: 'INFRACTL_ENV=prod infractl deploy --sandbox', exit: 2 });
    stage.keep('menu', await menu(stage));
    // Without an image it takes a second.
    stage.cd('..');
    await stage.run('infractl init auth-manager zip --name my-auth --variant zip');
    stage.cd('zip');
    await stage.run('infractl deploy --create-stack');
    await stage.shows(
      'json-value',
      'curl -s -o /dev/null -w "%{http_code}\\n" "$(infractl outputs app.ApiUrl --sandbox)/health"',
    );
    await stage.shows('json-error', {
      line: 'infractl destroy --json --sandbox',
      exit: 2,
      only: [/^[^{]*[{}]/, /"(error|code|message|suggestions|exit|--)/, /]/],
    });
  },
};
