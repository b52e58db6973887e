import { posix } from 'node:path';

/**
 * What a file is to the others. Pages name assets, so they come after them; workers and manifests make browsers
 * fetch pages, so they come last.
 */
export type FileKind = 'asset' | 'page' | 'worker';

export const ORDER: readonly FileKind[] = ['asset', 'page', 'worker'];

const PAGE = /\.(html?|xhtml|xml|rss|atom|txt)$/i;
const WORKER =
  /^(sw|service-worker|serviceworker|ngsw-worker|firebase-messaging-sw|custom-sw)\.m?js$|^(ngsw|manifest|asset-manifest|version|build)\.json$|\.webmanifest$|^precache-manifest\..*\.js$/i;

export function kindOf(path: string): FileKind {
  if (WORKER.test(posix.basename(path))) return 'worker';
  return PAGE.test(path) ? 'page' : 'asset';
}

/** `main-5ZLCQZZB.js`, `index.DkJ3f9aZ.css`, `app.3f2a1b9c.chunk.js`: a word between separators. */
const WORD = /[.\-_~]([A-Za-z0-9_-]{8,64})(?=\.[A-Za-z0-9.]+$)/g;
const HEX = /^(?=.*[0-9])(?=.*[a-f])[0-9a-f]{8,64}$/;
const BASE32 = /^(?=.*[2-7])(?=.*[A-Z])[A-Z2-7]{8,32}$/;
const BASE64 = /^(?=.*[0-9])(?=.*[a-z])(?=.*[A-Z])[A-Za-z0-9_-]{8,32}$/;
/** A hash changes between letters and digits all the time; a word with a year or a version behind it does once. */
const WORD_AND_NUMBER = /^[A-Za-z]+[0-9]{1,6}$|^[0-9]{1,8}[a-z]+$/;

/**
 * Whether the name of a file carries a hash of its content, as bundlers write it, so that other bytes would have
 * another name. When in doubt it does not: a browser asks once more, instead of never again.
 */
export function isNamedByContent(path: string): boolean {
  if (kindOf(path) !== 'asset') return false;
  const name = posix.basename(path);
  const words = [...name.matchAll(WORD)].flatMap(([, word = '']) => [word, word.split(/[-_]/).at(-1) ?? '']);
  const whole = /^([0-9a-f]{16,64})\.[A-Za-z0-9.]+$/.exec(name)?.[1];
  return [...words, ...(whole ? [whole] : [])].some(
    (word) =>
      word.length >= 8 &&
      !WORD_AND_NUMBER.test(word) &&
      (HEX.test(word) || BASE32.test(word) || BASE64.test(word)),
  );
}
