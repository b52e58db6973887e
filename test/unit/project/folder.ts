import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach } from 'vitest';
import { type LoadedProject, type LoadOptions, loadProject } from '../../../src/lib/project/index.ts';

const made: string[] = [];

afterEach(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A folder with these files; removed after the test. */
export function folderWith(files: Readonly<Record<string, string | Buffer>>): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'infractl-project-'));
  made.push(folder);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), content);
  }
  return folder;
}

/** What the configurations of the tests name. */
export const PARTS = {
  'infra/registry.yaml': 'Resources: {}\n',
  'infra/template.yaml': 'Resources: {}\n',
  Dockerfile: 'FROM scratch\n',
  'app/index.mjs': 'export {};\n',
};

export interface Loaded extends LoadedProject {
  readonly folder: string;
}

/** Loads this text as infractl.yaml, beside the files that the tests name; in an empty environment. */
export async function load(
  text: string | Buffer,
  options: Partial<LoadOptions> = {},
  files: Readonly<Record<string, string>> = {},
): Promise<Loaded> {
  const folder = folderWith({ ...PARTS, ...files, 'infractl.yaml': text });
  return { folder, ...(await loadProject({ cwd: folder, env: {}, ...options })) };
}

interface Shown {
  readonly code: string;
  readonly exit: number;
  readonly message: string;
  readonly why: string;
  readonly suggestions: readonly string[];
  /** All that a person reads. */
  readonly all: string;
}

/** The error that something ends with. */
export async function failure(work: Promise<unknown>): Promise<Shown> {
  try {
    await work;
  } catch (error) {
    const { code, exit, message, why = '', suggestions } = error as Shown;
    return { code, exit, message, why, suggestions, all: [message, why, ...suggestions].join('\n') };
  }
  throw new Error('it did not fail');
}

export const EXAMPLE = `project: auth-manager
region: eu-west-3
environments:
  dev: {}
  prod: { profile: production, protected: true }
stacks:
  registry: { template: infra/registry.yaml }
  app:
    template: infra/template.yaml
    parameters:
      ImageUri: { image: api }
      JwtSecret: { secret: auth-manager/jwt }
      DatabaseUrl: { env: DATABASE_URL }
      LambdaMemorySize: 1024
images:
  api: { context: ., repository: { output: registry.RepositoryUri }, platform: linux/amd64 }
functions:
  api: { name: { output: app.FunctionName }, image: api }
checks:
  health: { url: { output: app.ApiUrl, path: /health }, expect: 200 }
`;
