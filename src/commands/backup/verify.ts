import * as Args from '@oclif/core/args';
import { confirmMild } from '../../lib/cli/asking/prompt.ts';
import { BackupCommand } from '../../lib/cli/command/backup-command.ts';
import { millisecondsOf } from '../../lib/cli/flags/duration-flag.ts';
import { verifyFlags } from '../../lib/cli/flags/verify-flags.ts';
import { painter } from '../../lib/cli/terminal.ts';
import { drillLines, verifyView } from '../../lib/cli/views/verify-view.ts';
import type { View } from '../../lib/cli/views/view.ts';

export default class BackupVerify extends BackupCommand<typeof BackupVerify> {
  static override summary = 'Prove that a backup can be read: the drill.';
  static override description =
    'Disks on the host of their plan: a volume of each snapshot is attached, its file systems checked and a sample ' +
    'of files hashed. Without a host: blocks are read and compared with their checksums. A database: restored to a ' +
    'small private instance, knocked at or asked by --check. What the drill made is taken away, also what an ' +
    'earlier one that was killed left. The snapshot is tagged with when and how.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> latest --of i-0a1b2c3d4e5f60718 --how blocks',
    {
      description: 'A database, from a script',
      command: '<%= config.bin %> <%= command.id %> latest --of shop --yes',
    },
  ];
  static override args = {
    backup: Args.string({
      description: 'The backup or one of its snapshots, or "latest".',
      default: 'latest',
      ignoreStdin: true,
    }),
  };
  static override flags = verifyFlags;

  protected override async work(): Promise<View> {
    const { how, sample, class: className, check, through, yes } = this.flags;
    const timeout = millisecondsOf('--timeout', this.flags.timeout);
    const wish = { how, sample, className, check, through, timeout };
    await this.guardProtected();
    const desk = await this.backupDesk();
    const plans = await this.allPlans(desk);
    const backup = await desk.find(plans, this.args.backup, this.flags.of);
    await this.sayPlace();
    const plan = await desk.planVerify(backup, wish);
    if (plan) {
      const { className, engine = 'postgres' } = plan;
      const quote = await desk.quote({ kind: 'database', class: className, engine, multiZone: false });
      const price = { usd: quote?.usd, note: (await desk.prices()).note };
      this.say(
        drillLines(plan, backup, price, {
          paint: painter(this.terminal.colourErr),
          columns: this.terminal.columns,
        }),
      );
      await confirmMild(this.prompter, { question: 'Do that?', yes });
    }
    return verifyView(backup, await desk.verify(plans, backup, wish));
  }
}
