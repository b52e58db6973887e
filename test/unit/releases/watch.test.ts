import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { agentText } from '../../../src/lib/releases/agent.ts';

/** What becomes of a service so many seconds after it was healthy for the first time. */
interface Case {
  readonly at: number;
  /** `failed`: its unit is. `restarted`: systemd has started it again. `replaced`: it has, and counts anew. `mute`: no answer any more. `blink`: one answer is lost. */
  readonly how: 'failed' | 'restarted' | 'replaced' | 'mute' | 'blink';
  readonly settle: number;
}

interface Verdict {
  /** Null: it was declared good. */
  readonly why: string | null;
  /** Seconds that it was watched. */
  readonly seconds: number;
}

/** The host's own program, with a clock that nobody waits for. All cases in one Python. */
const PROGRAM = `
import json, sys
scope = {"__name__": "host"}
text = sys.stdin.read()
exec(compile(text[:text.rindex("\\nsys.exit(main())")], "agent", "exec"), scope)

class Clock:
    def __init__(self): self.now = 1000.0
    def time(self): return self.now
    def sleep(self, seconds): self.now += seconds

def watched(case):
    clock = scope["time"] = Clock()
    began = clock.now
    gone = lambda how: case["how"] == how and clock.now - began >= case["at"]
    def unit_facts(unit):
        return dict(ActiveState="failed" if gone("failed") else "active", NRestarts="1" if gone("restarted") else "0", MainPID="77" if gone("replaced") else "7")
    def ask(port, path, *more):
        blink = gone("blink") and clock.now - began < case["at"] + 0.5
        return (None, "connection refused") if blink or gone("mute") else (200, "ok")
    scope.update(unit_facts=unit_facts, ask=ask)
    order = dict(health=dict(path="/health", expect=[200], timeout=60))
    why = scope["Watch"](order, "app", 8501).settle(case["settle"])
    return dict(why=why, seconds=clock.now - began)

print(json.dumps([watched(case) for case in json.loads(sys.argv[1])]))
`;

function watched(cases: readonly Case[]): Verdict[] {
  const said = execFileSync('python3', ['-c', PROGRAM, JSON.stringify(cases)], {
    input: agentText(),
    encoding: 'utf8',
  });
  return JSON.parse(said) as Verdict[];
}

describe('a release that was healthy once', () => {
  it('and dies after 20 s is found out within the 30 s that it is watched', () => {
    const ways = ['failed', 'restarted', 'replaced', 'mute'] as const;
    const verdicts = watched(ways.map((how) => ({ at: 20, how, settle: 30 })));
    expect(verdicts.map(({ why }) => why)).toEqual([
      'its unit is failed, 20 s after it was healthy',
      'it ended and systemd started it again, 20 s after it was healthy',
      'its process ended and another one took its place, 20 s after it was healthy',
      'it did not answer: connection refused, 21 s after it was healthy',
    ]);
  });

  it('is declared good when it lived for the whole time, and not before; one lost answer is no illness', () => {
    const one = fc.record({
      at: fc.integer({ min: 0, max: 60 }),
      how: fc.constantFrom('failed', 'restarted', 'replaced', 'blink' as const),
      settle: fc.integer({ min: 1, max: 40 }),
    }) as fc.Arbitrary<Case>;
    const cases = fc.sample(one, 300);
    watched(cases).forEach(({ why, seconds }, index) => {
      const { at, how, settle } = cases[index] as Case;
      // What is so from the beginning is no change.
      const dies = how !== 'blink' && at <= settle && (at > 0 || how === 'failed');
      expect({ at, how, settle, good: why === null }).toEqual({ at, how, settle, good: !dies });
      if (why === null) expect(seconds).toBeCloseTo(settle, 5);
      else expect(seconds).toBeLessThanOrEqual(at + 0.5);
    });
  });
});
