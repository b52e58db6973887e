import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { UsageError } from '../../lib/base/errors.ts';
import { userText } from '../../lib/base/user-text.ts';
import { SecretCommand, storeFlag } from '../../lib/cli/command/secret-command.ts';
import { importView } from '../../lib/cli/views/secrets-view.ts';
import type { View } from '../../lib/cli/views/view.ts';
import type { StoreName } from '../../lib/secrets/index.ts';

export default class SecretsImport extends SecretCommand<typeof SecretsImport> {
  static override summary = 'Move the secrets of a file such as .env.secrets into AWS.';
  static override description =
    'To one JSON secret of Secrets Manager, <project>/<environment>, with a field for each line (one secret costs ' +
    '$0.40 a month, whatever it holds), or to one parameter each. Then prints the lines of infractl.yaml that ' +
    'refer to them. The file stays as it is; fields that the file does not have stay too.';
  static override examples = [
    {
      description: 'See what would be stored',
      command: '<%= config.bin %> <%= command.id %> .env.secrets --dry-run',
    },
    '<%= config.bin %> <%= command.id %> .env.secrets',
  ];
  static override args = {
    file: Args.string({ description: 'Lines of NAME=value.', required: true, ignoreStdin: true }),
  };
  static override flags = {
    to: Flags.string({
      description: 'The secret, or the path of the parameters. Default: <project>/<environment>.',
    }),
    store: storeFlag,
    'dry-run': Flags.boolean({ description: 'Show what would be stored; change nothing.' }),
  };

  protected override async work(): Promise<View> {
    const { to, store = 'secretsmanager', 'dry-run': dryRun } = this.flags;
    if (!dryRun) await this.guardProtected();
    const values = await this.#read(this.args.file);
    const desk = await this.secretDesk();
    await this.sayPlace();
    const done = await desk.import(values, { to, store: store as StoreName, dryRun });
    return importView(done, { file: this.args.file, dryRun, where: this.where });
  }

  async #read(file: string): Promise<ReadonlyMap<string, string>> {
    let text: string;
    try {
      text = userText(readFileSync(file));
    } catch (error) {
      throw new UsageError({
        code: 'FileUnreadable',
        message: `${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown reason'}).`,
      });
    }
    const values = new Map(Object.entries(parseEnv(text)).map(([name, value]) => [name, value ?? '']));
    for (const value of values.values()) this.redactor.add(value);
    const { oddLines } = await import('../../lib/secrets/index.ts');
    for (const { line, why } of oddLines(text, values.values())) this.warnUser(`${file}:${line} ${why}.`);
    if (values.size > 0) return values;
    throw new UsageError({ code: 'NoSecrets', message: `${file} has no line of the form NAME=value.` });
  }
}
