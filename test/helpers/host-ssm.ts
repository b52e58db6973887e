import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Execution } from '../fake/ssm.ts';
import type { TestHost } from './host.ts';
import { docker } from './images.ts';

let serial = 0;

/**
 * What the agent of Systems Manager does with a script, on a test host: it runs as root, from a file, in a process
 * group of its own, with an environment that has no home; a cancelled one is killed with its whole group.
 */
export function byAgent(host: TestHost) {
  return (script: string): Execution => {
    const file = `/var/lib/agent-${process.pid}-${serial++}`;
    host.write(`${file}.sh`, script, '700');
    const line = `echo $$ > ${file}.pid; unset HOME; cd /usr/bin; exec sh ${file}.sh`;
    const child = spawn(docker, ['exec', host.id, 'setsid', '--wait', 'sh', '-c', line], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const texts = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const)
      child[name].setEncoding('utf8').on('data', (text: string) => {
        texts[name] += text;
      });
    const done = new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
      child.once('close', (code) => {
        host.attempt('rm', '-f', `${file}.sh`, `${file}.pid`);
        resolve({ code: code ?? 137, ...texts });
      });
    });
    return {
      done,
      kill: () => void host.attempt('sh', '-c', `kill -s KILL -- "-$(cat ${file}.pid)"`),
    };
  };
}

/**
 * Puts a Session Manager plugin into the folder of the test's ssh: it checks what it is given, as the real one takes
 * it, and connects to the port of the host that a tunnel asks for; a login greets.
 */
export function putPlugin(host: TestHost, version = '1.2.650.0'): void {
  const text = `#!${process.execPath}
const { connect } = require('node:net');
if (process.argv[2] === '--version') { console.log('${version}'); process.exit(0); }
const [name, region, what, profile, asked, endpoint] = process.argv.slice(2);
const answer = JSON.parse(process.env[name]);
if (what !== 'StartSession' || !answer.TokenValue || !region || profile !== '' || !endpoint) process.exit(3);
const { DocumentName, Parameters, Target } = JSON.parse(asked);
if (DocumentName !== 'AWS-StartSSHSession') { console.log('Starting session with SessionId: ' + answer.SessionId + ' on ' + Target); process.exit(0); }
const socket = connect(Number(Parameters.portNumber[0]), '${host.address}');
process.stdin.pipe(socket).pipe(process.stdout);
socket.on('error', () => process.exit(1));
`;
  writeFileSync(path.join(host.bin, 'session-manager-plugin'), text, { mode: 0o755 });
}
