import { posix } from 'node:path';
import ignore from 'ignore';
import { isNamedByContent } from './kinds.ts';
import type { FileHeaders } from './types.ts';

export interface HeaderRules {
  /** Pattern as in .gitignore → `immutable`, `no-cache`, `no-store`, `1h`, or a whole Cache-Control. */
  readonly cache: Readonly<Record<string, string>>;
  /** Pattern → header → value. */
  readonly headers: Readonly<Record<string, Readonly<Record<string, string | undefined>>>>;
  /** Pattern → content type. */
  readonly types: Readonly<Record<string, string>>;
}

export const IMMUTABLE = 'public, max-age=31536000, immutable';
const NO_CACHE = 'no-cache';

/** Text is UTF-8, and says so: what does not is read by browsers as they like. */
const UTF8 = '; charset=utf-8';

/** By the end of the name. What is not here is bytes. */
const TYPES: Readonly<Record<string, string>> = {
  html: `text/html${UTF8}`,
  htm: `text/html${UTF8}`,
  xhtml: `application/xhtml+xml${UTF8}`,
  css: `text/css${UTF8}`,
  js: `text/javascript${UTF8}`,
  mjs: `text/javascript${UTF8}`,
  cjs: `text/javascript${UTF8}`,
  json: 'application/json',
  map: 'application/json',
  jsonld: 'application/ld+json',
  geojson: 'application/geo+json',
  webmanifest: 'application/manifest+json',
  txt: `text/plain${UTF8}`,
  md: `text/markdown${UTF8}`,
  csv: `text/csv${UTF8}`,
  vtt: `text/vtt${UTF8}`,
  ics: `text/calendar${UTF8}`,
  xml: `application/xml${UTF8}`,
  rss: `application/rss+xml${UTF8}`,
  atom: `application/atom+xml${UTF8}`,
  svg: 'image/svg+xml',
  png: 'image/png',
  apng: 'image/apng',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  avif: 'image/avif',
  bmp: 'image/bmp',
  ico: 'image/x-icon',
  tif: 'image/tiff',
  tiff: 'image/tiff',
  woff: 'font/woff',
  woff2: 'font/woff2',
  ttf: 'font/ttf',
  otf: 'font/otf',
  eot: 'application/vnd.ms-fontobject',
  mp3: 'audio/mpeg',
  m4a: 'audio/mp4',
  ogg: 'audio/ogg',
  opus: 'audio/ogg',
  wav: 'audio/wav',
  flac: 'audio/flac',
  mp4: 'video/mp4',
  m4v: 'video/mp4',
  webm: 'video/webm',
  ogv: 'video/ogg',
  mov: 'video/quicktime',
  m3u8: 'application/vnd.apple.mpegurl',
  pdf: 'application/pdf',
  zip: 'application/zip',
  gz: 'application/gzip',
  wasm: 'application/wasm',
  glb: 'model/gltf-binary',
  gltf: 'model/gltf+json',
  epub: 'application/epub+zip',
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  pptx: 'application/vnd.openxmlformats-officedocument.presentationml.presentation',
  'apple-app-site-association': 'application/json',
};

/** How the files of a site are given out, each by its path. Pure. */
export function headersOf({ cache, headers, types }: HeaderRules): (path: string) => FileHeaders {
  const cacheAt = lastOf(cache);
  const headersAt = lastOf(headers);
  const typeAt = lastOf(types);
  return (path) => {
    const further = Object.entries(headersAt(path) ?? {}).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    );
    const given = cacheAt(path);
    return Object.fromEntries(
      [
        ['content-type', typeAt(path) ?? typeOf(path)] as const,
        [
          'cache-control',
          given === undefined ? (isNamedByContent(path) ? IMMUTABLE : NO_CACHE) : cacheControl(given),
        ] as const,
        ...further,
      ].sort(([a], [b]) => (a < b ? -1 : 1)),
    );
  };
}

/** The value of the last pattern that fits a path. */
function lastOf<T>(rules: Readonly<Record<string, T>>): (path: string) => T | undefined {
  const tests = Object.entries(rules)
    .reverse()
    .map(([pattern, value]) => [ignore({ ignorecase: false }).add(pattern), value] as const);
  return (path) => tests.find(([test]) => test.ignores(path))?.[1];
}

function typeOf(path: string): string {
  const name = posix.basename(path).toLowerCase();
  return TYPES[name.slice(name.lastIndexOf('.') + 1)] ?? 'application/octet-stream';
}

const UNITS: Readonly<Record<string, number>> = { h: 3600, m: 60, s: 1 };

/** `1h` is `public, max-age=3600`. */
function cacheControl(written: string): string {
  if (written === 'immutable') return IMMUTABLE;
  if (!/^(\d+h)?(\d+m)?(\d+s)?$/.test(written)) return written;
  const seconds = [...written.matchAll(/(\d+)([hms])/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * (UNITS[unit ?? ''] ?? 0),
    0,
  );
  return `public, max-age=${seconds}`;
}
