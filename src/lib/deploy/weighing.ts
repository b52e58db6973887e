import { messageOf } from '../base/errors.ts';
import type { CostChange } from '../costs/index.ts';
import type { Weigh } from '../stacks/index.ts';
import type { CostsOfChanges } from './costs.ts';
import type { DeployContext } from './types.ts';

/** Tells what the changes of a run cost. It only helps: a failure of it fails nothing. Loaded with its first stack. */
export class Weighing {
  readonly #context: DeployContext;
  readonly #tell: boolean;
  #costs: CostsOfChanges | undefined;

  /** @param tell say it of each stack right when it is known, and not only in the result */
  constructor(context: DeployContext, tell: boolean) {
    this.#context = context;
    this.#tell = tell;
  }

  /** Of the stacks that were weighed, for a result; nothing where none was. */
  async total(): Promise<{ readonly costs?: CostChange }> {
    return this.#costs ? { costs: await this.#costs.total() } : {};
  }

  readonly weigh: Weigh = async (...stack) => {
    try {
      const { CostsOfChanges, tellCosts } = await import('./costs.ts');
      this.#costs ??= new CostsOfChanges(this.#context);
      const change = await this.#costs.weigh(...stack);
      if (this.#tell) tellCosts(this.#context, change);
    } catch (error) {
      const message = `What ${stack[0]} costs could not be told: ${messageOf(error)}`;
      this.#context.reporter.emit({ type: 'warning', message });
    }
  };
}
