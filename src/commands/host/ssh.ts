import * as Args from '@oclif/core/args';
import { UsageError } from '../../lib/base/errors.ts';
import { HostCommand } from '../../lib/cli/command/host-command.ts';
import { instanceFlags, instancesOf, oneInstance } from '../../lib/cli/flags/host-flags.ts';
import { shellView } from '../../lib/cli/views/host-view.ts';
import type { View } from '../../lib/cli/views/view.ts';

export default class HostSsh extends HostCommand<typeof HostSsh> {
  static override summary = 'Log in to a host.';
  static override needs = 'names' as const;
  static override description =
    'The OpenSSH of this machine with its configuration, agent and known hosts, and with what infractl.yaml says ' +
    'of the host. A host with "connect: ssm" is logged in to through Session Manager, by its plugin. Needs a ' +
    'terminal; to run one command there is "host run". --id i-… --user ubuntu takes an instance that no infractl.yaml names.';
  static override examples = ['<%= config.bin %> <%= command.id %>'];
  static override args = {
    host: Args.string({ description: 'A host of infractl.yaml. Default: the only one.', ignoreStdin: true }),
  };

  static override flags = { ...instanceFlags, id: oneInstance };

  protected override async work(): Promise<View> {
    const { id, ...way } = this.flags;
    if (id !== undefined && this.args.host !== undefined)
      throw new UsageError({
        code: 'TwoHosts',
        message: `Either the host ${this.args.host} or the instance ${id}: a login is to one of them.`,
        suggestions: ['Leave one of them out.'],
      });
    const [instance] = instancesOf({ ...way, ...(id ? { id: [id] } : {}) });
    const desk = await this.hostDesk();
    const host = instance ?? desk.choose(this.args.host ? [this.args.host] : [])[0];
    if (!host || !this.prompter.canAsk || this.flags.json) {
      throw new UsageError({
        code: 'TerminalNeeded',
        message: 'A login needs a terminal.',
        suggestions: ['To run one command: infractl host run -- COMMAND'],
      });
    }
    await this.guardProtected();
    return shellView(host.name, await desk.shell(host));
  }
}
