import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { docker } from '../../../test/helpers/images.ts';
import { ProgramPty } from '../../../test/helpers/pty.ts';
import { screenOf } from '../screen.ts';
import type { RunningLine, Terminal, Typist } from '../stage.ts';

/** Where the shell of the tour keeps its folder and its variables from line to line. */
const STATE = '/tmp/tour';
const BEGIN = `exec 2>&1; cd "$(cat ${STATE}/folder)"; . ${STATE}/variables`;
/** What an installation needs to reach its registry, where this machine does not reach it directly. */
const PASSED = /^(PIP_|SSL_CERT|HTTPS?_PROXY|NO_PROXY)/;

/** Somebody's bare machine: one shell, whose folder and variables last from line to line. */
export class Container implements Typist {
  readonly id: string;
  #typed = 0;

  private constructor(id: string) {
    this.id = id;
  }

  /** The network of this machine: the registry of the sandbox is reached by the engine at the address that the container has. */
  static start(image: string, variables: Readonly<Record<string, string>>, keep?: string): Container {
    const passed = Object.keys(process.env).filter((name) => PASSED.test(name));
    const files = new Set(passed.map((name) => process.env[name] ?? ''));
    const id = quiet([
      'run',
      '--detach',
      ...(keep ? ['--name', keep] : []),
      '--network=host',
      '--volume=/var/run/docker.sock:/var/run/docker.sock',
      ...passed.map((name) => `--env=${name}`),
      ...[...files]
        .filter((value) => path.isAbsolute(value) && existsSync(value))
        .map((value) => `--volume=${value}:${value}:ro`),
      ...Object.entries({ ...variables, TZ: 'UTC', LANG: 'C.UTF-8' }).map(
        ([name, value]) => `--env=${name}=${value}`,
      ),
      image,
      'sleep',
      'infinity',
    ]);
    const container = new Container(id);
    container.#bash(`mkdir -p ${STATE}; echo /root > ${STATE}/folder; : > ${STATE}/variables`);
    return container;
  }

  /** One that is there already, as the line before left it. */
  static again(name: string): Container {
    return new Container(quiet(['inspect', '--format', '{{.Id}}', name]));
  }

  copy(from: string, to: string): void {
    quiet(['cp', '--follow-link', from, `${this.id}:${to}`]);
  }

  /** Types a line, whose folder and variables stay. */
  type(line: string): Promise<{ readonly code: number | null; readonly text: string }> {
    const end = `status=$?; pwd > ${STATE}/folder; export -p > ${STATE}/variables; exit $status`;
    return this.#begin(`${BEGIN}\n${line}\n${end}`).ended;
  }

  /** Types a line in a terminal of its own. */
  start(line: string): RunningLine {
    const pid = `${STATE}/pid-${++this.#typed}`;
    const begun = this.#begin(`${BEGIN}\necho $$ > ${pid}\n${/[|;&]/.test(line) ? line : `exec ${line}`}`);
    const kill = (signal: NodeJS.Signals) =>
      void this.#bash(`kill -${signal.replace('SIG', '')} "$(cat ${pid})"`);
    return { ...begun, kill };
  }

  async run(line: string, exit = 0): Promise<string> {
    const { code, text } = await this.type(line);
    if (code !== exit) throw new Error(`$ ${line}\n${text}\nended with ${code}, not ${exit}`);
    return text;
  }

  terminal(args: readonly string[], size: { columns?: number; rows?: number } = {}): Terminal {
    const [columns, rows] = [size.columns ?? 80, size.rows ?? 24];
    const line = `${BEGIN}\nexport TERM=xterm-256color\nexec infractl ${args.join(' ')}`;
    const pty = new ProgramPty(docker, ['exec', '-it', this.id, 'bash', '-c', line], { columns, rows });
    return { pty, screen: () => screenOf(pty.raw, columns, rows) };
  }

  /** Puts a text where the shell is now. */
  put(file: string, text: string): void {
    const script = `cd "$(cat ${STATE}/folder)" && mkdir -p "$(dirname '${file}')" && rm -f '${file}' && umask 077 && cat > '${file}'`;
    execFileSync(docker, ['exec', '-i', this.id, 'bash', '-c', script], { input: text });
  }

  remove(): void {
    quiet(['rm', '--force', '--volumes', this.id]);
  }

  #bash(script: string): void {
    const { status, stderr } = spawnSync(docker, ['exec', this.id, 'bash', '-c', script], {
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`${script}\n${stderr}`);
  }

  #begin(script: string): Omit<RunningLine, 'kill'> {
    const child = spawn(docker, ['exec', this.id, 'bash', '-c', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    const ended = new Promise<{ code: number | null; text: string }>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve({ code, text }));
    });
    return { ended, output: () => text };
  }
}

function quiet(args: readonly string[]): string {
  return execFileSync(docker, args, { encoding: 'utf8' }).trim();
}
