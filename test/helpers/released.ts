import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type CliOptions, type CliResult, Home, type RunningCli } from './cli.ts';
import type { TestHost } from './host.ts';
import { tell } from './transcript.ts';
import { until } from './until.ts';

/**
 * A small application in a repository on a test host, under systemd and behind nginx. What it answers is in
 * `app.py` itself, so that every commit is another answer; it keeps WebSocket-like connections open on /ws.
 */
export const APP = `import http.server, os, sys, threading, time
BUILD = "@BUILD@"
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        if self.path == "/ws":
            self.send_response(101)
            self.send_header("Upgrade", "websocket")
            self.send_header("Connection", "Upgrade")
            self.end_headers()
            try:
                while True:
                    line = self.rfile.readline()
                    if not line:
                        return
                    self.wfile.write(b"%s %s" % (BUILD.encode(), line))
                    self.wfile.flush()
            finally:
                self.close_connection = True
        body = (BUILD + " " + os.environ.get("GREETING", "-")).encode()
        status = @STATUS@ if self.path == "/health" else 200
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *words):
        pass
class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
print("starting build", BUILD, flush=True)
@EXTRA@
Server(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
`;

export interface Commit {
  /** What /health answers; a text is Python. */
  readonly status?: number | string;
  /** Python that runs before it listens. */
  readonly extra?: string;
  /** Further files. */
  readonly files?: Readonly<Record<string, string>>;
}

const RESET =
  "systemctl stop app app@8501 app@8502 2>/dev/null; systemctl reset-failed 2>/dev/null; rm -rf /srv/app; echo 'upstream app { server 127.0.0.1:8501; }' > /etc/nginx/conf.d/infractl-app.conf; systemctl reload nginx || systemctl restart nginx";
const REPOSITORY = '/srv/git/app.git';

export class Released {
  readonly home = new Home();
  readonly host: TestHost;
  readonly #settle: number;
  #kept = '';

  /** @param settle seconds that a release is watched where a test says nothing else */
  constructor(host: TestHost, settle = 1) {
    this.host = host;
    this.#settle = settle;
  }

  /** The host as \`setup\` would leave it: a unit, a template unit, and a site of nginx. */
  prepare(): this {
    const unit = (folder: string, port: string) =>
      `[Unit]\nDescription=app\n[Service]\nUser=ubuntu\nWorkingDirectory=${folder}\nEnvironmentFile=${folder}/.infractl.env\n${port}ExecStart=/usr/bin/python3 app.py\nRestart=on-failure\nRestartSec=1\n[Install]\nWantedBy=multi-user.target\n`;
    this.host.write('/etc/systemd/system/app.service', unit('/srv/app/current', ''));
    this.host.write('/etc/systemd/system/app@.service', unit('/srv/app/slots/%i', 'Environment=PORT=%i\n'));
    this.host.write(
      '/etc/nginx/sites-enabled/default',
      'map $http_upgrade $connection_upgrade { default upgrade; "" close; }\nserver {\n listen 80 default_server;\n location / {\n  proxy_pass http://app;\n  proxy_http_version 1.1;\n  proxy_set_header Upgrade $http_upgrade;\n  proxy_set_header Connection $connection_upgrade;\n  proxy_read_timeout 86400;\n }\n}\n',
    );
    this.host.write('/etc/nginx/conf.d/infractl-app.conf', 'upstream app { server 127.0.0.1:8501; }\n');
    this.host.sh('systemctl daemon-reload && nginx -t -q && systemctl reload nginx');
    this.host.sh(
      `mkdir -p ${REPOSITORY} /srv/git/work && cd /srv/git/work && git init -q -b main . && git init -q --bare ${REPOSITORY} && git remote add origin ${REPOSITORY} && git config user.email t@example.com && git config user.name Test`,
    );
    return this;
  }

  configure(more: Readonly<Record<string, unknown>> = {}, hosts = {}): void {
    const release = {
      host: 'web',
      source: { git: REPOSITORY, ref: 'main' },
      port: 8501,
      health: { path: '/health', timeout: '2m', settle: this.#settle },
      drain: '1s',
      environment: { GREETING: { env: 'GREETING' } },
      ...more,
    };
    const project = {
      project: 'shop',
      hosts: { web: { address: this.host.address, services: ['app'] }, ...hosts },
      releases: { app: release },
    };
    this.put('infractl.yaml', JSON.stringify(project));
    this.put('.env.secrets', 'GREETING=\'s3cr3t $HOME "quoted"\'\n');
    chmodSync(path.join(this.home.work, '.env.secrets'), 0o600);
  }

  blueGreen(more: Readonly<Record<string, unknown>> = {}): void {
    this.configure({ port: undefined, ports: [8501, 8502], strategy: 'blue-green', ...more });
  }

  put(name: string, text: string): void {
    const file = path.join(this.home.work, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  /** A commit on main of the repository; its short hash. */
  commit(build: string, { status = 200, extra = '', files = {} }: Commit = {}): string {
    this.host.write('/srv/git/work/app.py', appText(build, status, extra));
    for (const [name, text] of Object.entries(files)) this.host.write(`/srv/git/work/${name}`, text);
    return this.host.sh(
      `cd /srv/git/work && git add -A && git commit -q --allow-empty -m 'build ${build}' && git push -q origin main 2>/dev/null && git rev-parse --short=7 HEAD`,
    );
  }

  start(args: readonly string[], options: CliOptions = {}): RunningCli {
    return this.home.start(args, {
      timeout: 180_000,
      ...options,
      env: { PATH: this.host.path, ...options.env },
    });
  }

  run(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
    return this.start(args, options).ended;
  }

  redeploy(...args: string[]): Promise<CliResult> {
    return this.run(['redeploy', ...args]);
  }

  /** What the application answers on a port of the host. */
  answer(port = 8501): string {
    return this.host.attempt('curl', '-s', '-m', '5', `http://127.0.0.1:${port}/`).stdout;
  }

  get current(): string {
    return this.host.attempt('readlink', '/srv/app/current').stdout.trim().replace('releases/', '');
  }

  get releases(): string[] {
    return this.host.sh('ls /srv/app/releases 2>/dev/null || true').split('\n').filter(Boolean);
  }

  /** As if nothing was ever released. */
  reset(): void {
    this.host.sh(RESET);
  }

  /** Keeps what is released now, for `restore`. */
  keep(): void {
    this.host.sh('rm -rf /srv/kept-app && cp -a /srv/app /srv/kept-app');
    this.#kept = this.host.sh('git -C /srv/git/work rev-parse HEAD');
  }

  /** As it was at `keep`, with nothing at work: host, repository, and the service as it then answered. */
  async restore(): Promise<void> {
    const { host } = this;
    host.sh(
      `pkill -9 -f 'python3 -[c] import sys,zlib'; (${RESET}) && cp -a /srv/kept-app /srv/app && git -C /srv/git/work reset -q --hard ${this.#kept} && git -C /srv/git/work push -qf origin main && systemctl start app`,
    );
    tell('systemctl status app', () => this.host.sh('systemctl status app || true'));
    await until(() => this.answer());
  }

  remove(): void {
    this.home.remove();
  }
}

/** What stands in for Let's Encrypt: certbot's words, and a certificate that the host makes itself. */
export const CERTBOT = `#!/bin/sh
echo "$@" >> /var/log/certbot-words
[ -e /root/certbot-fails ] && { echo "DNS problem: NXDOMAIN looking up A for mbot.example.com" >&2; exit 1; }
case " $* " in *" --dry-run "*) exit 0 ;; esac
d=/etc/letsencrypt/live/mbot.example.com
mkdir -p $d
days=90; [ "$1" = renew ] && days=120
by=/CN=mbot.example.com
case " $* " in *" --staging "*) by="/O=(STAGING) Let's Encrypt$by" ;; esac
openssl req -x509 -newkey rsa:2048 -nodes -keyout $d/privkey.pem -out $d/fullchain.pem -days $days -subj "$by" 2>/dev/null
`;

export function appText(build: string, status: number | string = 200, extra = ''): string {
  return APP.replace('@BUILD@', build).replace('@STATUS@', String(status)).replace('@EXTRA@', extra);
}
