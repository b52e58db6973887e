// 200,000 events of a log group: `infractl logs` beside a Node program that walks the same pages one after the other and
// prints each message. From a server that answers at once, and from one that takes 20 ms for a page, as AWS does.
import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';

const EVENTS = 200_000;
const PAGE = 10_000;
const GROUP = '/bench/app';
const SPAN = 3_600_000;

/** The events by time; the page behind any moment is rendered once and kept. */
function pages(start) {
  const step = SPAN / EVENTS;
  const event = (index) => ({
    eventId: String(index).padStart(56, '0'),
    ingestionTime: start + Math.floor(index * step) + 500,
    logStreamName: 'app/0123456789abcdef',
    message: `INFO request ${index} answered 200 in 12 ms for /orders/${index % 977} by worker ${index % 8}\n`,
    timestamp: start + Math.floor(index * step),
  });
  const kept = new Map();
  return (from, to, token) => {
    const first = token === undefined ? Math.max(0, Math.ceil((from - start) / step)) : Number(token);
    const last = Math.min(EVENTS - 1, Math.floor((to - start) / step));
    const end = Math.min(last, first + PAGE - 1);
    const key = `${first}-${end}-${last}`;
    if (!kept.has(key)) {
      const events = [];
      for (let index = first; index <= end; index++) events.push(event(index));
      kept.set(
        key,
        JSON.stringify({
          events,
          searchedLogStreams: [],
          ...(end < last ? { nextToken: String(end + 1) } : {}),
        }),
      );
    }
    return kept.get(key);
  };
}

const WALK = `
const [url, group, from, to] = process.argv.slice(1);
let nextToken;
do {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'x-amz-target': 'Logs_20140328.FilterLogEvents', 'content-type': 'application/x-amz-json-1.1' },
    body: JSON.stringify({ logGroupName: group, startTime: Number(from), endTime: Number(to), nextToken }),
  });
  const page = await answer.json();
  for (const { timestamp, message } of page.events) process.stdout.write(new Date(timestamp).toISOString() + ' ' + message);
  nextToken = page.nextToken;
} while (nextToken);
`;

/** The most memory that a process had so far, in MiB; 0 where the system does not tell. */
function peak(pid) {
  try {
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

/**
 * Seconds, and the lines that came out; memory in MiB where the system tells. They go into a file: whoever read them
 * here would keep the server from answering.
 */
function timed(argv, cwd, env) {
  return new Promise((resolve, reject) => {
    const file = path.join(cwd, 'out');
    const out = openSync(file, 'w');
    const began = performance.now();
    const child = spawn('/usr/bin/env', ['sh', '-c', 'exec "$@"', 'sh', ...argv], {
      cwd,
      env,
      stdio: ['ignore', out, 'inherit'],
    });
    let memory = 0;
    const looking = setInterval(() => {
      memory = Math.max(memory, peak(child.pid));
    }, 20);
    child.on('error', reject);
    child.on('close', (code) => {
      const seconds = (performance.now() - began) / 1000;
      clearInterval(looking);
      closeSync(out);
      const lines = readFileSync(file).reduce((count, byte) => (byte === 10 ? count + 1 : count), 0);
      if (code === 0) resolve({ seconds, lines, memory });
      else reject(new Error(`${argv[0]}: ${code}`));
    });
  });
}

/**
 * @param launcher of infractl
 * @param delay milliseconds that the server takes for a page
 * @returns {Promise<{ours: number, walk: number, memory: number}>} the best seconds of several runs each, and what
 * memory ours took at most, in MiB
 */
export async function readLogs(launcher, delay, rounds = 5) {
  const folder = mkdtempSync(path.join(tmpdir(), 'infractl-bench-logs-'));
  const start = Date.now() - SPAN - 60_000;
  const page = pages(start);
  const server = createServer(async (request, answer) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const target = request.headers['x-amz-target'] ?? '';
    const body = JSON.parse(Buffer.concat(chunks).toString() || '{}');
    answer.setHeader('content-type', 'application/x-amz-json-1.1');
    if (target.endsWith('DescribeLogGroups'))
      return answer.end(JSON.stringify({ logGroups: [{ logGroupName: GROUP }] }));
    const text = page(body.startTime, body.endTime ?? Date.now(), body.nextToken);
    setTimeout(() => answer.end(text), delay);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${server.address().port}`;
  try {
    writeFileSync(path.join(folder, 'infractl.yaml'), 'project: bench\n');
    const env = {
      PATH: process.env.PATH,
      HOME: folder,
      AWS_ENDPOINT_URL: url,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_REGION: 'eu-west-3',
    };
    const since = new Date(start).toISOString();
    const until = new Date(start + SPAN).toISOString();
    const ours = [process.execPath, launcher, 'logs', GROUP, '--since', since, '--until', until];
    const walk = [
      process.execPath,
      '--input-type=module',
      '-e',
      WALK,
      url,
      GROUP,
      String(start),
      String(start + SPAN),
    ];
    const results = { ours: [], walk: [] };
    for (let round = 0; round < rounds; round++) {
      results.walk.push(await timed(walk, folder, env));
      results.ours.push(await timed(ours, folder, env));
    }
    const lines = results.ours[0].lines;
    if (lines < EVENTS) throw new Error(`infractl logs printed ${lines} lines of ${EVENTS}`);
    const best = (all) => Math.min(...all.map(({ seconds }) => seconds));
    const memory = Math.max(...results.ours.map((one) => one.memory));
    return { ours: best(results.ours), walk: best(results.walk), memory };
  } finally {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
