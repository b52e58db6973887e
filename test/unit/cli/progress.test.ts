import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Interrupted, UsageError } from '../../../src/lib/base/errors.ts';
import { LineProgress } from '../../../src/lib/cli/progress/lines.ts';
import { settledLine } from '../../../src/lib/cli/progress/words.ts';
import { describeTerminal, painter } from '../../../src/lib/cli/terminal.ts';
import { table } from '../../../src/lib/cli/views/table.ts';

const plain = painter(false);

describe('progress where nothing can be redrawn', () => {
  let said: string[];
  let progress: LineProgress;
  const write = process.stderr.write;
  beforeEach(() => {
    vi.useFakeTimers();
    said = [];
    process.stderr.write = ((text: string) => said.push(text.trimEnd())) as never;
    const terminal = describeTerminal(
      { noColor: true, noInput: true },
      { stdin: {}, stdout: {}, stderr: {} },
      {},
    );
    progress = new LineProgress(terminal, (text) => text.replaceAll('hunter2', '[secret]'));
  });
  afterEach(() => {
    progress.close();
    process.stderr.write = write;
    vi.useRealTimers();
  });
  const status = (text: string) => progress.emit({ type: 'part.status', part: 'image api', status: text });

  it('says what goes on at least every 30 seconds, and for how long', () => {
    progress.emit({ type: 'part.started', part: 'image api', doing: 'building' });
    vi.advanceTimersByTime(29_999);
    expect(said).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(said).toEqual(['  image api: still building (30.0 s)']);
    vi.advanceTimersByTime(60_000);
    expect(said).toHaveLength(3);
    expect(said[2]).toBe('  image api: still building (1 min 30 s)');
  });

  it('says so also where the status changes all the time', () => {
    progress.emit({ type: 'part.started', part: 'image api', doing: 'building' });
    for (let step = 0; step < 200; step++) {
      status(`step ${step}`);
      vi.advanceTimersByTime(300);
    }
    expect(said).toEqual(['  image api: still step 99 (30.0 s)', '  image api: still step 199 (1 min 00 s)']);
  });

  it('gives a status a line once it has lasted a second', () => {
    progress.emit({ type: 'part.started', part: 'image api', doing: 'building' });
    status('step 1');
    vi.advanceTimersByTime(500);
    status('step 2');
    vi.advanceTimersByTime(999);
    expect(said).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(said).toEqual(['  image api: step 2']);
    status('step 2');
    vi.advanceTimersByTime(5000);
    expect(said).toHaveLength(1);
  });

  it('says nothing more of a part that is done, and loses no stack event', () => {
    progress.emit({ type: 'part.started', part: 'image api', doing: 'building' });
    status('step 1');
    const event = {
      type: 'stack.event',
      part: 'stack app',
      stack: 's',
      resourceType: 'AWS::SNS::Topic',
    } as const;
    for (let n = 0; n < 50; n++) {
      progress.emit({
        ...event,
        logicalId: `T${n}`,
        path: [`T${n}`],
        status: 'CREATE_COMPLETE',
        at: '2026-01-05T09:00:00Z',
      });
    }
    progress.emit({ type: 'part.done', part: 'image api', outcome: 'built', ms: 900 });
    vi.advanceTimersByTime(120_000);
    expect(said).toHaveLength(51);
    expect(said.at(-1)).toContain('✓ image api');
  });

  it('shows no secret', () => {
    progress.say('the password is hunter2');
    expect(said).toEqual(['the password is [secret]']);
  });
});

describe('progress on a terminal', () => {
  it('erases nothing while nothing runs: a prompt may stand there', async () => {
    const { LiveProgress } = await import('../../../src/lib/cli/progress/live.ts');
    vi.useFakeTimers();
    const write = process.stderr.write;
    let written = '';
    process.stderr.write = ((text: string) => {
      written += text;
      return true;
    }) as never;
    try {
      const live = new LiveProgress(describeTerminal({ noColor: true, noInput: true }), (text) => text);
      live.say('one');
      vi.advanceTimersByTime(1000);
      live.say('two');
      expect(written).toBe('one\ntwo\n');
      live.emit({ type: 'part.started', part: 'stack app', doing: 'deleting' });
      vi.advanceTimersByTime(200);
      expect(written).toContain('stack app');
      live.close();
    } finally {
      process.stderr.write = write;
      vi.useRealTimers();
    }
  });
});

describe('the line of a part that is done', () => {
  const done = {
    type: 'part.done',
    part: 'check health',
    outcome: 'passed',
    ms: 285,
    detail: '200 from https://a1b2c3d4e5.execute-api.eu-west-3.amazonaws.com/health',
  } as const;

  it('has its detail beside it where there is room, else below, and no columns where it is narrow', () => {
    expect(settledLine(done, plain, 200)).toBe(`✓ check health           passed      285 ms  ${done.detail}`);
    expect(settledLine(done, plain, 80)).toBe(
      `✓ check health           passed      285 ms\n    ${done.detail}`,
    );
    expect(settledLine(done, plain, 40)).toBe(`✓ check health passed 285 ms\n    ${done.detail}`);
  });

  it('tells what was stopped from what failed', () => {
    const failed = { type: 'part.failed', part: 'image api', ms: 10 } as const;
    const wrong = new UsageError({ code: 'X', message: 'x' });
    expect(settledLine({ ...failed, error: wrong }, plain, 80)).toMatch(/^✗ image api +failed/);
    expect(settledLine({ ...failed, error: new Interrupted() }, plain, 80)).toMatch(/^■ image api +stopped/);
  });
});

describe('a note on a terminal', () => {
  const plain = painter(false);
  const line = (message: string, columns: number) => settledLine({ type: 'note', message }, plain, columns);

  it('ends its lines between words, behind its mark, and keeps its own indent', () => {
    expect(line('one two three four', 11)).toBe('i one two\n  three\n  four');
    expect(line('  Queue.Timeout: 99 → 30', 18)).toBe('i   Queue.Timeout:\n    99 → 30');
  });

  it('is one line where there is no width', () => {
    expect(line('one two three four', Number.POSITIVE_INFINITY)).toBe('i one two three four');
  });
});

describe('a table on a narrow terminal', () => {
  const columns = [
    { title: 'id' },
    { title: 'command', min: 10 },
    { title: 'changed', min: 10, optional: true },
    { title: 'who', optional: true },
  ];
  const rows = [['a1', 'deploy --create-stack', 'stack app, function api', 'ada']];
  const at = (width: number) => table({ paint: plain, columns: width }, columns, rows).split('\n')[1];

  it('cuts from the right, then leaves columns out, and never cuts in a file', () => {
    expect(at(Number.POSITIVE_INFINITY)).toBe('a1  deploy --create-stack  stack app, function api  ada');
    expect(at(45)).toBe('a1  deploy --create-stack  stack app, f…  ada');
    expect(at(36)).toBe('a1  deploy --creat…  stack app…  ada');
    expect(at(28)).toBe('a1  deploy --cr…  stack app…'.slice(0, 28));
    expect(at(16)).toBe('a1  deploy --cr…');
  });

  it('tells each row in lines of its own where it has no room beside another', () => {
    const all = [
      { title: '' },
      { title: 'backup' },
      { title: 'of' },
      { title: '' },
      { title: 'kept by', wrap: true },
    ];
    const cells = [
      ['keep', 'nightly-20260105T0200', 'vol-1', '-', 'the newest of the day, the newest of the week'],
      ['gone', 'nightly-20260104T0200', 'vol-1', 'by hand', ''],
    ];
    expect(table({ paint: plain, columns: 30 }, all, cells)).toBe(
      [
        'keep nightly-20260105T0200',
        '  of: vol-1',
        '  kept by: the newest of the',
        '    day, the newest of the',
        '    week',
        'gone nightly-20260104T0200',
        '  of: vol-1',
        '  by hand',
      ].join('\n'),
    );
  });

  it('wraps the last column below itself', () => {
    const wide = [{ title: 'part' }, { title: '', wrap: true }];
    expect(table({ paint: plain, columns: 30 }, wide, [['app', 'one two three four five six seven']])).toBe(
      'part\napp   one two three four five\n      six seven',
    );
  });
});
