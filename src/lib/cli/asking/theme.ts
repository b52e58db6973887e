import type { Paint } from '../terminal.ts';

/** How questions look: in the colours that can be read on dark and on light, as all else. */
export function questionTheme(paint: Paint) {
  const cyan = (text: string) => paint('cyan', text);
  const dim = (text: string) => paint('dim', text);
  return {
    prefix: { idle: paint('blue', '?'), done: paint('green', '✓') },
    style: {
      answer: cyan,
      message: (text: string) => paint('bold', text),
      error: (text: string) => paint('red', `> ${text}`),
      defaultAnswer: (text: string) => dim(`(${text})`),
      help: dim,
      highlight: cyan,
      key: (text: string) => paint('bold', cyan(`<${text}>`)),
    },
  };
}

/** The same for a list, with what its choices and its keys say. */
export function listTheme(paint: Paint) {
  const theme = questionTheme(paint);
  return {
    ...theme,
    style: {
      ...theme.style,
      description: theme.style.answer,
      keysHelpTip: (keys: readonly (readonly [string, string])[]) =>
        keys
          .map(([key, action]) => `${paint('bold', key)} ${paint('dim', action)}`)
          .join(paint('dim', ' • ')),
    },
  };
}
