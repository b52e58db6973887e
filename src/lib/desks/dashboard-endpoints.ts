import type { Clock } from '../base/clock.ts';
import { isInfractlError } from '../base/errors.ts';
import { silentReporter } from '../base/report.ts';
import { joinUrl } from '../base/text.ts';
import { type ValueDeps, valueResolver } from '../deploy/values.ts';
import type { EndpointLine } from '../monitoring/dashboard/index.ts';
import type { Project, Value } from '../project/model.ts';

/** Milliseconds that an endpoint may take to answer well. */
const PATIENCE = 5_000;
/** A certificate changes every few weeks. Milliseconds. */
const CERTIFICATE_KEPT = 3_600_000;

export interface EndpointDeps extends ValueDeps {
  readonly clock: Clock;
}

interface Wanted {
  readonly name: string;
  readonly url: Value;
  readonly path: string;
  readonly expect: readonly number[];
  readonly contains?: string;
}

type Certificate = Pick<EndpointLine, 'certificateDays' | 'certificateProblem'>;

/** Every status that an application answers with when it is well. */
const FINE = Array.from({ length: 200 }, (_, at) => 200 + at);

/** The checks of a project and the health addresses of its hosts, each asked as a browser would ask it. */
export class EndpointLooks {
  readonly #deps: EndpointDeps;
  readonly #wanted: readonly Wanted[];
  readonly #project: Project;
  #resolve: ReturnType<typeof valueResolver>;
  readonly #certificates = new Map<string, { readonly at: number; readonly found: Certificate }>();

  constructor(deps: EndpointDeps, project: Project) {
    this.#deps = deps;
    this.#project = project;
    this.#resolve = valueResolver(deps, project);
    const hosts = [...project.hosts.values()].flatMap(({ name, health: { url, path } }) =>
      url === undefined ? [] : [{ name, url, path, expect: FINE }],
    );
    this.#wanted = [...project.checks.values(), ...hosts];
  }

  /** What the configuration's values were is not known any more. */
  forget(): void {
    this.#resolve = valueResolver(this.#deps, this.#project);
  }

  async look(): Promise<EndpointLine[]> {
    try {
      return await Promise.all(this.#wanted.map((one) => this.#one(one)));
    } catch (error) {
      // A value that could not be had is remembered as such.
      this.forget();
      throw error;
    }
  }

  async #one({ name, url: value, path, expect, contains }: Wanted): Promise<EndpointLine> {
    const { clock, signal } = this.#deps;
    const url = joinUrl((await this.#resolve(value)).value, path);
    const { runCheck } = await import('../checks/index.ts');
    const spec = { part: name, url, expect, timeout: PATIENCE, ...(contains ? { contains } : {}) };
    const [answer, certificate] = await Promise.all([
      runCheck({ clock, signal, reporter: silentReporter }, spec).then(
        ({ status, ms }) => ({ ok: true, words: `${status} in ${Math.round(ms)} ms`, ms: Math.round(ms) }),
        (error: unknown) => {
          if (!isInfractlError(error) || error.code !== 'Unhealthy') throw error;
          // The address has a column of its own.
          const words = error.message.replace(`${url} is not healthy: `, '').replace(/ \([^()]*\)\.$/, '');
          return { ok: false, words, ms: null };
        },
      ),
      this.#certificate(url),
    ]);
    return { name, url, ...answer, ...certificate };
  }

  async #certificate(url: string): Promise<Certificate> {
    if (!url.startsWith('https:')) return { certificateDays: null, certificateProblem: null };
    const now = this.#deps.clock.now();
    const kept = this.#certificates.get(url);
    if (kept && now - kept.at < CERTIFICATE_KEPT) return kept.found;
    const { systemProbe } = await import('../instances/index.ts');
    const { certificate } = await (await systemProbe()).http(url, PATIENCE);
    const found = {
      certificateDays: certificate?.daysLeft ?? null,
      certificateProblem: certificate?.problem ?? null,
    };
    // Where nothing answered there may be one at the next look.
    if (certificate) this.#certificates.set(url, { at: now, found });
    return found;
  }
}
