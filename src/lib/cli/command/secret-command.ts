import type { Command } from '@oclif/core/command';
import * as Flags from '@oclif/core/flags';
import { Interrupted } from '../../base/errors.ts';
import type { SecretChoice, SecretDesk } from '../../desks/index.ts';
import type { StoreName } from '../../secrets/index.ts';
import { ProjectCommand } from './project-command.ts';

export const storeFlag = Flags.string({
  description: 'Where it is kept. Default: as infractl.yaml names it, else Secrets Manager.',
  options: ['secretsmanager', 'ssm'],
});
export const keyFlag = Flags.string({
  description: 'One field of a JSON secret.',
  helpValue: 'FIELD',
});

/** A command that works on the secrets of a project. */
export abstract class SecretCommand<T extends typeof Command = typeof Command> extends ProjectCommand<T> {
  /** The secret that the command line names. */
  protected chosen(name: string): SecretChoice {
    const { key, store } = this.flags as { key?: string; store?: string };
    return { name, key, store: store as StoreName | undefined };
  }

  protected async secretDesk(): Promise<SecretDesk> {
    const [{ openSecretDesk }, { project, variable }] = await Promise.all([
      import('../../desks/index.ts'),
      this.project(),
    ]);
    return openSecretDesk(
      {
        session: () => this.session(),
        signal: this.interrupts.watch(),
        env: process.env,
        variable,
        redactor: this.redactor,
      },
      project,
    );
  }

  /** The value that is stored: typed unseen on a terminal, else all of standard input. */
  protected async readValue(name: string): Promise<string> {
    if (!process.stdin.isTTY) {
      // A pipe that never ends would outlast Ctrl-C.
      const stop = () => void process.stdin.destroy(new Interrupted());
      this.interrupts.watch().addEventListener('abort', stop, { once: true });
      const chunks: Buffer[] = [];
      for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
      const { textOf } = await import('../../secrets/index.ts');
      return textOf(Buffer.concat(chunks), name);
    }
    const otherwise = `Give it on standard input: infractl secrets set ${name} < FILE`;
    return this.prompter.text(
      { message: `The value of ${name}:`, otherwise },
      { secret: true, validate: (value) => value !== '' || 'A secret is not empty. Leave with Ctrl-C.' },
    );
  }
}
