import type { Session } from '../../scripts/docs/stage.ts';

/** A mistake in infractl.yaml, and where each value comes from. Nothing of it asks AWS. */
export const session: Session = {
  place: 'this machine, without AWS',
  quick: true,
  makes: ['config-wrong', 'config-origin', 'blueprints'],
  async play(stage) {
    await stage.shows('blueprints', { line: 'infractl init', exit: 2 });
    await stage.run('infractl init auth-manager my-auth');
    stage.cd('my-auth');
    const right = stage.read('infractl.yaml');
    stage.change('infractl.yaml', 'protected: true', 'protectd: true');
    await stage.shows('config-wrong', { line: 'infractl config validate', exit: 2 });
    stage.put('infractl.yaml', right);
    await stage.shows('config-origin', {
      line: 'infractl config show --env prod --origin',
      only: [/^key/, /^project/, /^environment/, /^protected/, /app\.name/, /JwtSecret/, /LambdaMemorySize/],
    });
  },
};
