import { resolve } from 'node:path';
import type { Command } from '@oclif/core/command';
import type { Start } from '../../starting/index.ts';
import { askSource, askStacks, askWords, projectName, type Source } from '../asking/init-questions.ts';
import { checkRead, samconfigSaid, sourceOf } from '../flags/init-flags.ts';
import { initView } from '../views/init-view.ts';
import { startView } from '../views/start-view.ts';
import type { View } from '../views/view.ts';
import { ProjectCommand } from './project-command.ts';

interface Given {
  readonly name?: string | undefined;
  readonly region?: string | undefined;
  readonly profile?: string | undefined;
  readonly env?: string | undefined;
  readonly environments?: readonly string[] | undefined;
  readonly host?: readonly string[] | undefined;
  readonly template?: string | undefined;
  readonly variant?: string | undefined;
  readonly 'dry-run'?: boolean;
}

/** A command that starts a project. Everything is asked before anything is written. */
export abstract class InitCommand<T extends typeof Command = typeof Command> extends ProjectCommand<T> {
  protected override completed(argv: readonly string[]): string[] {
    return samconfigSaid(argv);
  }

  get #given(): Given {
    return this.flags as unknown as Given;
  }

  /** @param words the blueprint and the folder */
  protected async start(words: {
    blueprint?: string | undefined;
    folder?: string | undefined;
  }): Promise<View> {
    const here = process.cwd();
    const source = sourceOf(this.flags as object, words.blueprint) ?? (await askSource(this.prompter, here));
    checkRead(source, this.flags as Readonly<Record<string, unknown>>);
    if (source.from === 'blueprint') return this.#copied(source.name, words.folder);
    const start = await this.#drafted(source, here);
    const { planStart, writeStart } = await (await import('../../desks/index.ts')).starting();
    const plan = planStart(here, start);
    const dryRun = this.#given['dry-run'] === true;
    if (!dryRun) await writeStart(plan);
    const sandbox = this.argv.includes('--sandbox') ? ' --sandbox' : '';
    return startView(start, plan, { from: source.from, dryRun, where: sandbox });
  }

  async #copied(name: string, folder: string | undefined): Promise<View> {
    const { createProject, findBlueprint, planProject, shownFolder } = await import(
      '../../blueprints/index.ts'
    );
    const blueprint = await findBlueprint(name);
    const { variant, name: project, region, 'dry-run': dryRun = false } = this.#given;
    const target = resolve(folder ?? blueprint.name);
    const plan = await planProject({ blueprint, target, variant, name: project, region });
    if (!dryRun) await createProject(plan);
    return initView(plan, { folder: shownFolder(target, process.cwd()), dryRun });
  }

  async #drafted(source: Exclude<Source, { from: 'blueprint' }>, here: string): Promise<Start> {
    const desk = await (await import('../../desks/index.ts')).starting();
    const { name, region, profile, env, environments, template } = this.#given;
    const named = (told?: string) => projectName(this.prompter, here, name, told);
    if (source.from === 'samconfig') {
      const read = await desk.readSamconfig(here, { file: source.file, template, region, environments });
      return read(await named());
    }
    if (source.from === 'stack') {
      const session = await this.sessionAnywhere();
      const names =
        source.names.length > 0
          ? source.names
          : await askStacks(this.prompter, await desk.stacksToStartFrom(session));
      const read = await desk.readStacks(session, { names, environment: env, profile });
      return read.start(await named(read.told));
    }
    const project = await named();
    const words = await askWords(this.prompter, {
      ...this.#given,
      ...(source.from === 'template' ? { template: source.file } : {}),
    });
    return desk.wordsStart(here, { ...words, project, profile });
  }
}
