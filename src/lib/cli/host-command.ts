import type { Command } from '@oclif/core/command';
import * as Flags from '@oclif/core/flags';
import type { HostDesk } from '../deploy/index.ts';
import type { ShownKey } from '../hosts/index.ts';
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

  #desk: Promise<HostDesk> | undefined;

  /** From here on Ctrl-C is the command's to handle. */
  protected hostDesk(): Promise<HostDesk> {
    this.#desk ??= (async () => {
      const [{ openHostDesk }, { project, variable }] = await Promise.all([
        import('../deploy/index.ts'),
        this.project(),
      ]);
      return openHostDesk(
        {
          session: () => this.session(),
          redactor: this.redactor,
          variable,
          env: process.env,
          signal: this.interrupts.watch(),
          ...this.#trust(),
        },
        project,
      );
    })();
    return this.#desk;
  }

  #trust() {
    if ((this.flags as { 'accept-host-key'?: boolean })['accept-host-key'])
      return { trust: async () => true };
    if (!this.prompter.canAsk) return {};
    const trust = ({ type, fingerprint }: ShownKey, where: string) =>
      this.prompter.confirm({
        message: `${where} is not known yet. It shows ${type} ${fingerprint}. Is that its key?`,
        otherwise: 'Give --accept-host-key.',
      });
    return { trust };
  }

  protected override async finally(): Promise<void> {
    await (await this.#desk?.catch(() => undefined))?.close();
    await super.finally();
  }
}
