import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { systemClock } from '../lib/base/clock.ts';
import { HostCommand } from '../lib/cli/command/host-command.ts';
import { diffView } from '../lib/cli/views/diff-view.ts';
import type { View } from '../lib/cli/views/view.ts';
import { chooseParts, projectDifferences } from '../lib/deploy/index.ts';

export default class Diff extends HostCommand<typeof Diff> {
  static override summary = 'Show how the project differs from what is deployed.';
  static override description =
    'For each stack: what would be added, changed and removed, property by property; what would be replaced, ' +
    'whose data would be lost, which permissions and ways in are new. AWS is asked by a change set, which is ' +
    'removed again. For images, functions, sites and releases: whether a deploy would change them. Nothing is changed.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    { description: 'One stack and what it needs', command: '<%= config.bin %> <%= command.id %> stack:app' },
    {
      description: 'With what this machine saw last, without AWS',
      command: '<%= config.bin %> <%= command.id %> --offline',
    },
  ];
  static override strict = false;
  static override args = {
    part: Args.string({
      description: 'Look at these parts and all that they need: api, stack:app.',
      ignoreStdin: true,
    }),
  };
  static override flags = {
    'exit-code': Flags.boolean({ description: 'Exit with 9 when there are differences.' }),
    offline: Flags.boolean({
      description: 'Compare with what the last deploy or diff of this machine saw; call nothing.',
      exclusive: ['against'],
    }),
    against: Flags.string({
      description: 'Compare with what a deploy left, as `history` shows it, in place of what is there now.',
      helpValue: 'ID',
    }),
  };

  protected override async work(): Promise<View> {
    const { project } = await this.project();
    const parts = chooseParts(project, this.words);
    const deps = this.withHosts(await this.deployDeps(systemClock));
    await this.sayPlace();
    const { offline, against } = this.flags;
    const found = await projectDifferences(deps, project, { parts, offline, against });
    return diffView(found, this.flags['exit-code']);
  }
}
