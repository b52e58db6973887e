import { describe, expect, it } from 'vitest';
import { Exit, InfractlError, UsageError } from '../../../src/lib/base/errors.ts';
import { Redactor } from '../../../src/lib/base/redact.ts';
import { bytes, duration, listed, nearest, plural } from '../../../src/lib/base/text.ts';
import { localTime } from '../../../src/lib/base/times.ts';
import { describeTerminal, painter } from '../../../src/lib/cli/terminal.ts';
import { validationView } from '../../../src/lib/cli/views/config-view.ts';
import { errorJson, errorText, shownError } from '../../../src/lib/cli/views/error-view.ts';
import { pairs, table } from '../../../src/lib/cli/views/table.ts';

const plain = { paint: painter(false), columns: 80 };

describe('errors as they are shown', () => {
  const error = new InfractlError({
    code: 'StackFailed',
    message: 'The stack app could not be updated.',
    why: 'Api (AWS::ApiGatewayV2::Api): limit exceeded.',
    suggestions: ['infractl explain app'],
  });

  it('says what failed, why, and what to do next', () => {
    expect(errorText(error, painter(false), false)).toBe(
      [
        '✗ The stack app could not be updated.',
        '  Api (AWS::ApiGatewayV2::Api): limit exceeded.',
        '  → infractl explain app',
      ].join('\n'),
    );
  });

  it('breaks advice between words on a narrow terminal, and leaves commands whole', () => {
    const advice = new InfractlError({
      code: 'X',
      message: 'No.',
      suggestions: [
        'Check its name, its platform and the network.',
        'infractl logs api --since 10m --env production',
      ],
    });
    expect(errorText(advice, painter(false), false, 30)).toBe(
      [
        '✗ No.',
        '  → Check its name, its',
        '    platform and the network.',
        '  → infractl logs api --since 10m --env production',
      ].join('\n'),
    );
  });

  it('as JSON has exactly four keys', () => {
    expect(errorJson(error)).toEqual({
      error: {
        code: 'StackFailed',
        message: 'The stack app could not be updated. Api (AWS::ApiGatewayV2::Api): limit exceeded.',
        suggestions: ['infractl explain app'],
        exit: 1,
      },
    });
  });

  it('shows a stack trace, and the cause, with --debug only', () => {
    const caused = new InfractlError({ code: 'X', message: 'No.', cause: new TypeError('underneath') });
    expect(errorText(caused, painter(false), false)).not.toContain('underneath');
    expect(errorText(caused, painter(false), true)).toContain('TypeError: underneath');
  });

  it('turns what is no error of ours into a defect, exit 1', () => {
    const shown = shownError(new RangeError('x is not iterable'), 'deploy');
    expect(shown).toMatchObject({ code: 'Defect', exit: Exit.failed, why: 'x is not iterable' });
  });

  it("turns the parser's errors into usage, exit 2, without its advice", () => {
    const thrown = Object.assign(new Error('Nonexistent flag: --x\nSee more help with --help'), {
      parse: { input: { secret: 'configuration' } },
    });
    const shown = shownError(thrown, 'sandbox:start');
    expect(shown).toBeInstanceOf(UsageError);
    expect(shown.message).toBe('Nonexistent flag: --x');
    const parse = 'Parsing --lines \n\tExpected an integer but received: 0\nSee more help with --help';
    expect(shownError(Object.assign(new Error(parse), { oclif: { exit: 2 } }), 'logs').message).toBe(
      '--lines: Expected an integer but received: 0',
    );
    expect(shown.suggestions).toEqual(['infractl sandbox start --help']);
    expect(JSON.stringify(errorJson(shown))).not.toContain('configuration');
  });

  it('names the flag that was probably meant', () => {
    const thrown = Object.assign(new Error('Nonexistent flag: --create-stak\nSee more help with --help'), {
      parse: { input: { flags: { 'create-stack': {}, yes: {} } } },
      flags: ['--create-stak'],
    });
    expect(shownError(thrown, 'deploy').suggestions).toEqual([
      'Is --create-stack meant?',
      'infractl deploy --help',
    ]);
  });
});

describe('findings of the configuration', () => {
  const finding = {
    level: 'error',
    file: 'infractl.yaml',
    message: 'no value',
    text: 'infractl.yaml:3:1: no value\n  3 | app:\n    | ^',
  } as const;
  const shown = (environments: string[], environment?: string) =>
    validationView({
      environments,
      findings: [{ ...finding, ...(environment ? { environment } : {}) }],
    })
      .text({ paint: (_, text) => text, columns: 80 })
      .split('\n')[0];

  it('say the environment that they are of, where there are others', () => {
    expect(shown(['dev', 'prod'], 'prod')).toBe('✗ infractl.yaml:3:1: no value In prod.');
    expect(shown(['dev', 'prod'])).toBe('✗ infractl.yaml:3:1: no value');
    expect(shown(['prod'], 'prod')).toBe('✗ infractl.yaml:3:1: no value');
  });
});

describe('the terminal', () => {
  const tty = { stdin: { isTTY: true }, stdout: { isTTY: true }, stderr: { isTTY: true, columns: 100 } };
  const pipe = { stdin: {}, stdout: {}, stderr: {} };
  const choice = { noColor: false, noInput: false };

  it('asks, animates and colours on a terminal only', () => {
    expect(describeTerminal(choice, tty, {})).toEqual({
      interactive: true,
      animated: true,
      colourOut: true,
      colourErr: true,
      columns: 100,
    });
    expect(describeTerminal(choice, pipe, {})).toEqual({
      interactive: false,
      animated: false,
      colourOut: false,
      colourErr: false,
      columns: Number.POSITIVE_INFINITY,
    });
  });

  it.each([
    ['NO_COLOR', { NO_COLOR: '1' }],
    ['TERM=dumb', { TERM: 'dumb' }],
  ])('%s takes colours away, FORCE_COLOR notwithstanding', (_name, env) => {
    const terminal = describeTerminal(choice, tty, { ...env, FORCE_COLOR: '1' });
    expect([terminal.colourOut, terminal.colourErr]).toEqual([false, false]);
  });

  it('CI never asks and never animates, on a terminal too', () => {
    expect(describeTerminal(choice, tty, { CI: 'true' })).toMatchObject({
      interactive: false,
      animated: false,
    });
    expect(describeTerminal(choice, tty, { CI: 'false' })).toMatchObject({ interactive: true });
  });

  it('FORCE_COLOR colours a pipe', () => {
    expect(describeTerminal(choice, pipe, { FORCE_COLOR: '1' })).toMatchObject({ colourOut: true });
  });
});

describe('tables', () => {
  it('are aligned by what is seen, not by bytes', () => {
    expect(
      table(
        plain,
        ['name', 'x'],
        [
          ['é日', '1'],
          ['abc', '22'],
        ],
      ),
    ).toBe('name  x\né日   1\nabc   22');
  });

  it('pairs are padded to the longest name', () => {
    expect(
      pairs(plain, [
        ['a', '1'],
        ['long', '2'],
      ]),
    ).toBe('a     1\nlong  2');
  });

  it('the lines of a value stand below each other', () => {
    for (const columns of [80, Number.POSITIVE_INFINITY])
      expect(pairs({ ...plain, columns }, [['datapoints', '09:20  12\n09:25  17']], '  ')).toBe(
        '  datapoints  09:20  12\n              09:25  17',
      );
  });
});

describe('words', () => {
  it.each([
    [0, '0 ms'],
    [999.4, '999 ms'],
    [1000, '1.0 s'],
    [59_940, '59.9 s'],
    [65_000, '1 min 05 s'],
    [7_800_000, '2 h 10 min'],
  ])('%d ms is %s', (ms, text) => expect(duration(ms)).toBe(text));

  it.each([
    [512, '512 B'],
    [1536, '1.5 KiB'],
    [20 * 1024 * 1024, '20 MiB'],
  ])('%d bytes are %s', (count, text) => expect(bytes(count)).toBe(text));

  it('lists and counts as a sentence has it', () => {
    expect(listed(['a'])).toBe('a');
    expect(listed(['a', 'b', 'c'])).toBe('a, b and c');
    expect(plural(1, 'stack')).toBe('1 stack');
    expect(plural(2, 'repository', 'repositories')).toBe('2 repositories');
  });

  it('finds what was probably meant, and nothing far away', () => {
    expect(nearest('deplpy', ['deploy', 'destroy'])).toBe('deploy');
    expect(nearest('xyz', ['deploy', 'destroy'])).toBeUndefined();
  });

  it('names the zone of a time', () => {
    expect(localTime('2026-11-21T10:00:00Z')).toMatch(/^2026-11-2[0-2] \d\d:\d\d:\d\d \S+$/);
    expect(localTime('not a time')).toBe('not a time');
  });
});

describe('the redactor', () => {
  it('takes a secret out of text in each form that it may have', () => {
    const redactor = new Redactor();
    const secret = 'p@ss "wörd"/+=';
    redactor.add(secret);
    for (const form of [
      secret,
      encodeURIComponent(secret),
      JSON.stringify(secret),
      Buffer.from(secret).toString('base64'),
      Buffer.from(secret).toString('base64url'),
    ]) {
      expect(redactor.redact(`before ${form} after`)).toMatch(/^before "?\[secret\]=?"? after$/);
    }
  });

  it('leaves no tail of a secret that contains another', () => {
    const redactor = new Redactor();
    redactor.add('hunter2');
    redactor.add('hunter2-and-more');
    expect(redactor.redact('hunter2-and-more')).toBe('[secret]');
  });

  it('does not blank out words for a secret of three letters', () => {
    const redactor = new Redactor();
    redactor.add('the');
    expect(redactor.redact('the stack')).toBe('the stack');
  });
});
