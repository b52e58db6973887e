import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ArtifactStore } from '../artifacts/index.ts';
import { InfractlError } from '../base/errors.ts';
import { cacheFolder } from '../base/folders.ts';
import { newestRun } from '../journal/index.ts';
import { isSettled, type StackState, type StacksPort } from '../stacks/index.ts';
import type { DeployContext } from './types.ts';

/**
 * What this machine saw last of a project's stacks, for a comparison without AWS: their templates,
 * parameters and outputs, and which deploy that was. A file in the user's cache, for the user alone, without
 * the value of any secret.
 */

/** Which deploy was seen. Times are ISO 8601 in UTC. */
export interface SeenFacts {
  /** When AWS was looked at. */
  readonly at: string;
  /** The newest entry of the journal then. */
  readonly journal?: { readonly id: string; readonly who: string; readonly startedAt: string };
}

interface SeenStack {
  readonly state: Omit<StackState, 'createdAt' | 'updatedAt' | 'drift'>;
  readonly template: string;
}

interface SeenFile extends SeenFacts {
  readonly format: 1;
  /** By the stack's name. */
  readonly stacks: Readonly<Record<string, SeenStack>>;
}

type Place = Pick<DeployContext, 'project' | 'session' | 'env' | 'clock' | 'redactor'>;

function fileOf({ project, session, env }: Place): string {
  const where = [project.file, project.environment, session.region, session.sandbox ? 'sandbox' : ''];
  const name = createHash('sha256').update(where.join('\0')).digest('hex').slice(0, 32);
  return join(cacheFolder('seen', env), `${name}.json`);
}

/** Watches what is read of stacks, and what becomes of them, and keeps it. */
export class Seen {
  readonly #place: Place;
  readonly #states = new Map<string, StackState>();
  readonly #templates = new Map<string, string | undefined>();
  /** Change set → the stack and the text that it makes of it. */
  readonly #pending = new Map<string, readonly [stackName: string, text: string | undefined]>();
  #journal: SeenFacts['journal'];

  constructor(place: Place) {
    this.#place = place;
  }

  /** The same port; what it answers of the project's stacks is noted. */
  watch(port: StacksPort): StacksPort {
    const names = new Set([...this.#place.project.stacks.values()].map(({ stackName }) => stackName));
    return {
      ...port,
      stack: async (stack) => {
        const state = await port.stack(stack);
        if (state && names.has(state.stackName)) this.#states.set(state.stackName, state);
        return state;
      },
      template: async (stack) => {
        const text = await port.template(stack);
        if (names.has(stack)) this.#templates.set(stack, text);
        return text;
      },
      createChangeSet: async (request) => {
        const made = await port.createChangeSet(request);
        const text = 'body' in request.template ? request.template.body : undefined;
        this.#pending.set(made.id, [request.stackName, text]);
        return made;
      },
      executeChangeSet: async (id, ...order) => {
        await port.executeChangeSet(id, ...order);
        const made = this.#pending.get(id);
        if (made) this.#templates.set(...made);
      },
    };
  }

  journal(entry: NonNullable<SeenFacts['journal']>): void {
    const { id, who, startedAt } = entry;
    this.#journal = { id, who, startedAt };
  }

  /** Writes what was seen beside what is known of other stacks. It only helps: a failure is no matter. */
  async save(): Promise<void> {
    try {
      const before = await readSeen(this.#place);
      const fresh = [...this.#states].flatMap(([name, state]) => {
        const template = this.#templates.get(name);
        if (template === undefined || !isSettled(state.status)) return [];
        return [[name, { state: this.#withoutSecrets(state), template }] as const];
      });
      if (fresh.length === 0) return;
      const file: SeenFile = {
        format: 1,
        at: new Date(this.#place.clock.now()).toISOString(),
        ...(this.#journal ? { journal: this.#journal } : {}),
        stacks: { ...before?.stacks, ...Object.fromEntries(fresh) },
      };
      const path = fileOf(this.#place);
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      const made = `${path}.${process.pid}`;
      await writeFile(made, this.#place.redactor.redact(JSON.stringify(file)), { mode: 0o600 });
      await rename(made, path);
    } catch {
      // A full disk or a folder that cannot be written must not fail what was done.
    }
  }

  #withoutSecrets(state: StackState): SeenStack['state'] {
    const { createdAt: _, updatedAt: __, drift: ___, ...kept } = state;
    const part = [...this.#place.project.stacks.values()].find((one) => one.stackName === state.stackName);
    const isPlain = (name: string) => {
      const value = JSON.stringify(part?.parameters[name] ?? null);
      return !/"(?:secret|ssm|env)":/.test(value);
    };
    const parameters = Object.entries(state.parameters).map(([name, value]) => [
      name,
      isPlain(name) ? value : '****',
    ]);
    return { ...kept, parameters: Object.fromEntries(parameters) };
  }
}

/** The newest entry of the journal that made a state, for the words "what was deployed by …". */
export async function rememberJournal(
  seen: Seen,
  { project }: Place,
  open: () => Promise<ArtifactStore | undefined>,
): Promise<void> {
  try {
    const store = await open();
    const entry = store && (await newestRun(store, project.environment));
    if (entry) seen.journal(entry);
  } catch {
    // Who may look at stacks need not be allowed to read the journal.
  }
}

/** What was seen last, as a port that answers from it; undefined where nothing was. */
export async function loadSeen(
  place: Place,
): Promise<{ readonly facts: SeenFacts; readonly port: StacksPort } | undefined> {
  const file = await readSeen(place);
  if (!file) return undefined;
  const { at, journal, stacks } = file;
  const port = answering(
    async (stack) => stacks[stack] ?? Object.values(stacks).find(({ state }) => state.stackId === stack),
  );
  return { facts: { at, ...(journal ? { journal } : {}) }, port };
}

/** A port that answers from what is known of stacks, by name or ID, and asks nobody. */
export function answering(of: (stack: string) => Promise<SeenStack | undefined>): StacksPort {
  const known: Partial<StacksPort> = {
    stack: async (stack) => (await of(stack))?.state,
    template: async (stack) => (await of(stack))?.template,
    stackPolicy: async () => undefined,
    resources: async () => [],
    changeSets: async () => [],
  };
  return new Proxy(known as StacksPort, {
    get: (target, name) =>
      Reflect.get(target, name) ??
      (async () => {
        throw new InfractlError({ code: 'Offline', message: `Only AWS can answer ${String(name)}.` });
      }),
  });
}

async function readSeen(place: Place): Promise<SeenFile | undefined> {
  try {
    const file = JSON.parse(await readFile(fileOf(place), 'utf8')) as SeenFile;
    return file.format === 1 ? file : undefined;
  } catch {
    return undefined;
  }
}

export function nothingSeen({ project }: Pick<Place, 'project'>): InfractlError {
  return new InfractlError({
    code: 'NothingSeen',
    message: `This machine has not seen what is deployed of ${project.name} ${project.environment}.`,
    why: 'Without AWS a project is compared with what the last deploy or diff on this machine saw.',
    suggestions: ['Run once with credentials: infractl diff'],
  });
}
