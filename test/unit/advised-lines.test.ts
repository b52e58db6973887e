import { readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { led } from '../../src/lib/base/led.ts';
import { commandsSaid, type Said } from '../helpers/advice-in-source.ts';

/** Whatever infractl advises acts where the command did: read from all texts of the source that name a command. */

const topics = readdirSync(path.resolve(import.meta.dirname, '../../src/commands')).map((name) =>
  name.replace(/\.ts$/, ''),
);
const COMMAND = new RegExp(`\\binfractl (?:${topics.join('|')})\\b`, 'g');
/** What is lost of a line that says itself where it acts, or acts on no AWS. */
const SAYS =
  / PLACE| --(?:env|profile|sandbox|help)\b|^infractl (?:sandbox|init|completion|config validate)\b/;

/** What speaks of a command, and is nothing to be typed: by what it stands in, its file, or its first words. */
const SPEAKS = {
  within: ['description', 'Description', 'cronMark'],
  files: [
    // Where a project begins there is no environment yet; most of it becomes comments of infractl.yaml.
    'src/lib/starting/from-stack.ts',
    'src/lib/starting/not-taken.ts',
    'src/lib/starting/render.ts',
    'src/lib/starting/sam-keys.ts',
    'src/lib/backups/schedule/systemd.ts',
  ],
  texts: [
    // As it was typed, with its flags.
    'infractl prune',
    'infractl backup cleanup',
    'What there is for it: infractl redeploy deploy, status',
    'Where that is not true, later updates',
  ],
};

function speaks({ file, text, within }: Said): boolean {
  return (
    within.some((name) => SPEAKS.within.includes(name)) ||
    SPEAKS.files.includes(file) ||
    SPEAKS.texts.some((start) => text.startsWith(start))
  );
}

const said = commandsSaid(new RegExp(COMMAND.source)).filter((one) => !speaks(one));

/** The commands in a text, each up to where it ends. */
function commandsOf(text: string): string[] {
  return [...text.matchAll(COMMAND)].map(
    ({ index }) => text.slice(index).split(/[;`)\n]|, | [(|]|(?<=.)(?=infractl )/)[0] ?? '',
  );
}

const placed = (text: string) => commandsOf(text).every((one) => SAYS.test(one));
const told = ({ file, text }: Said) => `${file}: ${text}`;

describe('every advised command', () => {
  it('is found', () => {
    expect(said.length).toBeGreaterThan(150);
    expect(said.map(({ file }) => file)).toEqual(
      expect.arrayContaining(['src/lib/functions/troubles.ts', 'src/lib/images/repository.ts']),
    );
  });

  it('is one that can be led to where the command acts, or says so itself', () => {
    expect(said.filter(({ text }) => !placed(led(text, ' --env prod'))).map(told)).toEqual([]);
  });

  it('says so itself where nothing leads it: in the message and the reason of an error', () => {
    const LED = new Set(["'warning'", "'note'", 'this.warnUser']);
    const wrong = said.filter(({ text, within }) => {
      const sink = within.find((name) => /^(message|why|suggestions|mend|next|undo|otherwise)$/.test(name));
      return (sink === 'message' || sink === 'why') && !within.some((name) => LED.has(name)) && !placed(text);
    });
    expect(wrong.map(told)).toEqual([]);
  });

  it('is led by a view that prints it', () => {
    const wrong = said.filter(
      ({ file, text, within }) =>
        /^src\/(?:commands|lib\/cli\/(?:views|asking))\//.test(file) &&
        !placed(text) &&
        !within.some((name) =>
          /^(?:advised|lead|this\.lead|this\.warnUser|suggestions|next|way)$/.test(name),
        ),
    );
    expect(wrong.map(told)).toEqual([]);
  });
});
