import {
  createPrompt,
  isEnterKey,
  makeTheme,
  type Status,
  useKeypress,
  usePrefix,
  useState,
} from '@inquirer/core';
import type { questionTheme } from './theme.ts';

export interface LineOptions {
  readonly message: string;
  /** What the keys do, below the line. */
  readonly help: string;
  readonly theme?: ReturnType<typeof questionTheme>;
}

/** A line that is added to, or left by Escape: then undefined. */
export const line = createPrompt<string | undefined, LineOptions>((options, done) => {
  const theme = makeTheme(options.theme);
  const [status, setStatus] = useState<Status>('idle');
  const [typed, setTyped] = useState('');
  const prefix = usePrefix({ status, theme });

  useKeypress((key, readline) => {
    if (isEnterKey(key)) {
      setStatus('done');
      done(typed);
    } else if (key.name === 'escape') {
      setStatus('done');
      setTyped('');
      done(undefined);
    } else setTyped(readline.line);
  });

  const question = `${prefix} ${theme.style.message(options.message, status)} ${typed}`;
  return status === 'done' ? question : [question, theme.style.help(options.help)];
});
