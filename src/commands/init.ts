import { resolve } from 'node:path';
import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import type { Blueprint } from '../lib/blueprints/index.ts';
import { BaseCommand } from '../lib/cli/command/base-command.ts';
import { initView } from '../lib/cli/views/init-view.ts';
import type { View } from '../lib/cli/views/view.ts';

export default class Init extends BaseCommand<typeof Init> {
  static override summary = 'Start a project from a blueprint.';
  static override description =
    'Copies a system that works into a new folder: its infractl.yaml, its templates, a small application, and ' +
    'a .env.secrets with secrets made at random. Nothing that exists is overwritten.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> auth-manager my-auth',
    '<%= config.bin %> <%= command.id %> auth-manager my-auth --variant zip --region eu-west-1',
  ];
  static override args = {
    blueprint: Args.string({ description: 'The blueprint, such as auth-manager.', ignoreStdin: true }),
    folder: Args.string({
      description: 'The folder to make. Default: the name of the blueprint.',
      ignoreStdin: true,
    }),
  };
  static override flags = {
    variant: Flags.string({ description: 'A variant of the blueprint, such as zip.' }),
    name: Flags.string({ description: 'The name of the project. Default: the name of the folder.' }),
    region: Flags.string({ char: 'r', description: 'The AWS region of the project.' }),
    'dry-run': Flags.boolean({ description: 'Say which files would be written, and write nothing.' }),
  };

  protected async work(): Promise<View> {
    const { createProject, planProject, shownFolder } = await import('../lib/blueprints/index.ts');
    const blueprint = await this.#blueprint();
    const { variant, name, region } = this.flags;
    const dryRun = this.flags['dry-run'] === true;
    const target = resolve(this.args.folder ?? blueprint.name);
    const plan = await planProject({ blueprint, target, variant, name, region });
    if (!dryRun) await createProject(plan);
    return initView(plan, { folder: shownFolder(target, process.cwd()), dryRun });
  }

  async #blueprint(): Promise<Blueprint> {
    const { findBlueprint, listBlueprints } = await import('../lib/blueprints/index.ts');
    if (this.args.blueprint !== undefined) return findBlueprint(this.args.blueprint);
    const blueprints = await listBlueprints();
    const names = blueprints.map(({ name }) => name).join(', ');
    return this.prompter.choose(
      { message: 'Which blueprint?', otherwise: `Name it: infractl init BLUEPRINT. There are: ${names}.` },
      blueprints.map((value) => ({
        name: `${value.name}: ${value.title}`,
        value,
        description: value.description,
      })),
    );
  }
}
