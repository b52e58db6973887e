import fc from 'fast-check';
import stringWidth from 'fast-string-width';
import { describe, expect, it } from 'vitest';
import type { ReportEvent } from '../../../src/lib/base/report.ts';
import { layOut } from '../../../src/lib/cli/progress/layout.ts';
import { AwsClock, counts, ProgressTree } from '../../../src/lib/cli/progress/tree.ts';
import { painter } from '../../../src/lib/cli/terminal.ts';

const T0 = Date.parse('2026-01-05T09:00:00Z');
const DATABASE = 'AWS::RDS::DBInstance';
const STACK = 'AWS::CloudFormation::Stack';

function treeOf(...events: ReportEvent[]): ProgressTree {
  const tree = new ProgressTree((text) => text.replaceAll('hunter2', '[secret]'));
  for (const event of events) tree.track(event, T0);
  return tree;
}

const started = (part = 'stack app'): ReportEvent => ({
  type: 'part.started',
  part,
  doing: 'creating the stack',
});

function happened(
  path: string,
  status: string,
  resourceType = 'AWS::SNS::Topic',
  reason?: string,
  part = 'stack app',
): ReportEvent {
  const names = path === '' ? [] : path.split('/');
  return {
    type: 'stack.event',
    part,
    stack: 'app',
    path: names,
    logicalId: names.at(-1) ?? 'app',
    resourceType,
    status,
    ...(reason ? { reason } : {}),
    at: new Date(T0).toISOString(),
  };
}

const drawn = (tree: ProgressTree, columns = 80, lines = 23, seconds = 52) =>
  layOut(tree, { columns, lines, now: T0 + seconds * 1000, spinner: '*', paint: painter(false) });

const SCENE = [
  started(),
  happened('', 'CREATE_IN_PROGRESS', STACK),
  happened('Table', 'CREATE_COMPLETE'),
  happened('Queue', 'CREATE_COMPLETE'),
  happened('Database', 'CREATE_IN_PROGRESS', STACK),
  happened('Database/Subnets', 'CREATE_COMPLETE'),
  happened('Database/Instance', 'CREATE_IN_PROGRESS', DATABASE),
  happened('Topic', 'CREATE_FAILED', 'AWS::SNS::Topic', 'The topic name is taken'),
  happened('Role', 'CREATE_FAILED', 'AWS::IAM::Role', 'Resource creation cancelled'),
];

describe('the tree of what runs', () => {
  it('has nested stacks as branches, times, counts of what is done, and failures with their reason', () => {
    expect(drawn(treeOf(...SCENE))).toEqual([
      '* stack app               creating the stack  1 in work, 3 done  52 s',
      '  ├ Database  AWS::CloudFormation::Stack  creating  1 done  52 s',
      '  │ └ Instance  AWS::RDS::DBInstance  creating  52 s',
      '  └ ✗ Topic  AWS::SNS::Topic  The topic name is taken',
    ]);
  });

  it('names what everything waits for, until it does no more', () => {
    const on = {
      path: ['Database', 'Instance'],
      resourceType: DATABASE,
      since: new Date(T0).toISOString(),
    };
    const tree = treeOf(...SCENE, { type: 'stack.waiting', part: 'stack app', on });
    const says = (columns: number) => drawn(tree, columns, 23, 370).at(-1);
    expect(says(80)).toBe('  └ everything waits for Database › Instance (AWS::RDS::DBInstance, 6 min 10 s)');
    expect(says(60)).toBe('  └ everything waits for Database › Instance (6 min 10 s)');
    expect(says(36)).toBe('  └ waits for Instance 6 min 10 s');
    expect(says(20)).toBe('  └ waits: Instance');
    tree.track({ type: 'stack.waiting', part: 'stack app', on: null }, T0);
    expect(drawn(tree).join()).not.toContain('waits');
  });

  it('keeps what matters where there are few lines', () => {
    const tree = treeOf(...SCENE, ...['A', 'B', 'C', 'D'].map((id) => happened(id, 'CREATE_IN_PROGRESS')));
    expect(drawn(tree, 80, 2)).toEqual([
      expect.stringContaining('5 in work, 3 done'),
      '  └ ✗ Topic  AWS::SNS::Topic  The topic name is taken',
    ]);
    expect(drawn(tree, 80, 4)[1]).toContain('├ Database');
  });

  it('says how many parts there is no line for', () => {
    const parts = Array.from({ length: 12 }, (_, index) => started(`stack s${index}`));
    expect(drawn(treeOf(...parts), 80, 5).map((line) => line.trim())).toEqual([
      ...[0, 1, 2, 3].map((index) => expect.stringMatching(new RegExp(`^\\* stack s${index} `))),
      '… and 8 more',
    ]);
  });

  it('counts anew what is taken back, keeps the failure, and drops a part that is done', () => {
    const tree = treeOf(
      ...SCENE,
      happened('', 'ROLLBACK_IN_PROGRESS', STACK),
      happened('Topic', 'DELETE_COMPLETE'),
      happened('Table', 'DELETE_IN_PROGRESS'),
    );
    const { root } = tree.parts.get('stack app') ?? {};
    expect(root && counts(root)).toEqual({ running: 2, done: 1 });
    expect(drawn(tree).join('\n')).toContain('✗ Topic  AWS::SNS::Topic  The topic name is taken');
    expect(drawn(tree).join('\n')).toContain('Table  AWS::SNS::Topic  deleting');
    tree.track({ type: 'part.done', part: 'stack app', outcome: 'created', ms: 1 }, T0);
    expect(drawn(tree)).toEqual([]);
  });

  it('forgets a deletion that failed first and then went', () => {
    const tree = treeOf(
      started(),
      happened('Net', 'DELETE_FAILED', 'AWS::EC2::VPC', 'has dependencies'),
      happened('Net', 'DELETE_COMPLETE', 'AWS::EC2::VPC'),
    );
    expect(drawn(tree)).toHaveLength(1);
  });

  it('shows no secret', () => {
    const tree = treeOf(started(), happened('A', 'CREATE_FAILED', 'X', 'the password hunter2 is bad'));
    expect(drawn(tree).join()).not.toContain('hunter2');
  });

  it('fits every screen from 20 columns to 200, whatever happens', () => {
    const path = fc.array(fc.constantFrom('A', 'Database', 'ALogicalIdThatIsRatherLongForANarrowScreen'), {
      maxLength: 4,
    });
    const status = fc.constantFrom(
      'CREATE_IN_PROGRESS',
      'CREATE_FAILED',
      'CREATE_COMPLETE',
      'DELETE_FAILED',
      'ROLLBACK_IN_PROGRESS',
    );
    const event = fc
      .tuple(path, status, fc.option(fc.string({ unit: 'grapheme' })), fc.nat(3))
      .map(([at, now, reason, part]) =>
        happened(at.join('/'), now, DATABASE, reason ?? undefined, `stack s${part}`),
      );
    fc.assert(
      fc.property(
        fc.array(event, { maxLength: 40 }),
        fc.integer({ min: 20, max: 200 }),
        fc.integer({ min: 1, max: 60 }),
        (events, columns, lines) => {
          const parts = [0, 1, 2, 3].map((index) => started(`stack s${index}`));
          const result = drawn(treeOf(...parts, ...events), columns, lines);
          expect(result.length).toBeLessThanOrEqual(lines);
          expect(result.length).toBeGreaterThan(0);
          for (const line of result) {
            expect(stringWidth(line)).toBeLessThanOrEqual(columns);
            expect(line).not.toContain('\n');
          }
        },
      ),
    );
  });
});

describe('times of AWS on this machine', () => {
  const at = (ms: number) => new Date(T0 + ms).toISOString();

  it('are taken as they are where the clocks agree, also of what began long ago', () => {
    const clock = new AwsClock();
    expect(clock.local(at(-600_000), T0)).toBe(T0 - 600_000);
    expect(clock.local(at(0), T0 + 1000)).toBe(T0);
  });

  it('are corrected where this clock is an hour behind', () => {
    const clock = new AwsClock();
    expect(clock.local(at(3_600_000), T0)).toBe(T0);
    expect(clock.local(at(3_600_000 - 60_000), T0 + 1000)).toBe(T0 - 60_000);
  });

  it('are corrected where it is an hour ahead, once something happens while it is watched', () => {
    const clock = new AwsClock();
    const HOUR = 3_600_000;
    clock.local(at(0), T0 + HOUR);
    expect(clock.local(at(10_000), T0 + HOUR + 10_000)).toBe(T0 + HOUR + 10_000);
    expect(clock.local(at(5_000), T0 + HOUR + 11_000)).toBe(T0 + HOUR + 5_000);
  });
});
