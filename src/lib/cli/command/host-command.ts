import type { Command } from '@oclif/core/command';
import * as Flags from '@oclif/core/flags';
import type { Reporter } from '../../base/report.ts';
import type { DeployDeps } from '../../deploy/index.ts';
import type { HostDesk, ReleaseDesk } from '../../desks/index.ts';
import type { ShownKey } from '../../hosts/index.ts';
import { commandBegan } from './began.ts';
import { ProjectCommand } from './project-command.ts';

/** A command that works on hosts. Connections are closed when it ends, however it ends. */
export abstract class HostCommand<T extends typeof Command = typeof Command> extends ProjectCommand<T> {
  static override baseFlags = {
    ...ProjectCommand.baseFlags,
    'accept-host-key': Flags.boolean({
      description: 'Trust the key of a host that is seen for the first time.',
      helpGroup: 'AWS',
    }),
  };

  readonly #opened: { close(): Promise<void> }[] = [];

  /** From here on Ctrl-C is the command's to handle. */
  protected async hostDesk(): Promise<HostDesk> {
    const [{ openHostDesk }, { project }, deps] = await Promise.all([
      import('../../desks/index.ts'),
      this.project(),
      this.#deps(),
    ]);
    return this.#remember(await openHostDesk(deps, project));
  }

  /** Releasing to hosts; in the same way. */
  protected async releaseDesk(reporter?: Reporter): Promise<ReleaseDesk> {
    const [{ openReleaseDesk }, { systemClock }, { project }, deps, shown] = await Promise.all([
      import('../../desks/index.ts'),
      import('../../base/clock.ts'),
      this.project(),
      this.#deps(),
      reporter ?? this.reporter(),
    ]);
    const more = { reporter: shown, clock: systemClock, began: commandBegan() };
    return this.#remember(await openReleaseDesk({ ...deps, ...more }, project));
  }

  /** A deploy or a rollback that releases to hosts too; the way there is opened when it comes to one. */
  protected withHosts(deps: DeployDeps): DeployDeps {
    const { session, reporter, clock, signal, redactor, env, variable, wait = 0 } = deps;
    return {
      ...deps,
      releases: async ({ project, resolve }) => {
        const { openWalkReleases } = await import('../../desks/index.ts');
        const more = { reporter, clock, began: commandBegan(), wait, resolve, ...this.#trust() };
        const common = { session: async () => session, redactor, variable, env, signal };
        return this.#remember(await openWalkReleases({ ...common, ...more }, project));
      },
    };
  }

  #remember<D extends { close(): Promise<void> }>(desk: D): D {
    this.#opened.push(desk);
    return desk;
  }

  async #deps() {
    const { variable } = await this.project();
    return {
      session: () => this.session(),
      redactor: this.redactor,
      variable,
      env: process.env,
      signal: this.interrupts.watch(),
      ...this.#trust(),
    };
  }

  #trust() {
    if ((this.flags as { 'accept-host-key'?: boolean })['accept-host-key'])
      return { trust: 'every' as const };
    if (!this.prompter.canAsk) return {};
    const trust = ({ type, fingerprint }: ShownKey, where: string) =>
      this.aside(() =>
        this.prompter.confirm({
          message: `${where} is not known yet. It shows ${type} ${fingerprint}. Is that its key?`,
          otherwise: 'Give --accept-host-key.',
        }),
      );
    return { trust };
  }

  protected override async finally(): Promise<void> {
    await Promise.all(this.#opened.map((desk) => desk.close()));
    await super.finally();
  }
}
