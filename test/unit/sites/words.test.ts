import { describe, expect, it } from 'vitest';
import { headersOf, IMMUTABLE } from '../../../src/lib/sites/headers.ts';
import { cdnPaths, MOST_PATHS, sharedFolder } from '../../../src/lib/sites/invalidation.ts';
import { isNamedByContent, kindOf } from '../../../src/lib/sites/kinds.ts';
import { configText } from '../../../src/lib/sites/local.ts';

const NO_RULES = { cache: {}, headers: {}, types: {} };

describe('a name with a hash', () => {
  it.each([
    'assets/index-BxY3d_9a.js', // Vite
    'main-5ZLCQZZB.js', // Angular
    'chunk-AXZ2Q4LM.js',
    'static/js/main.3f2a1b9c.js', // webpack
    'static/js/787.4b1c9d2e.chunk.js',
    '_next/static/chunks/4bd1b696-339f5a5d6e9c0c1f.js',
    '_astro/index.DkJ3f9aZ.css',
    'media/roboto-latin.9f3ac1b27d.woff2',
    '3f2a1b9c4d5e6f708192a3b4c5d6e7f8.png',
  ])('%s', (path) => {
    expect(isNamedByContent(path)).toBe(true);
  });

  it.each([
    'index.html',
    'sw.js',
    'logo.svg',
    'jquery-validate.js',
    'apple-touch-icon-precomposed.png',
    'photo-2024summer.jpg',
    'report-20240101.pdf',
    'hero-background.webp',
    'README-IMPORTANT.txt',
    'jquery-3.7.1.min.js',
    'bootstrap.bundle.min.js',
    'page-3f2a1b9c.html',
    'HelloWorldComponent-Styles.css',
  ])('is not %s', (path) => {
    expect(isNamedByContent(path)).toBe(false);
  });
});

describe('what a file is', () => {
  it.each([
    ['index.html', 'page'],
    ['a/b.HTM', 'page'],
    ['sitemap.xml', 'page'],
    ['robots.txt', 'page'],
    ['sw.js', 'worker'],
    ['ngsw.json', 'worker'],
    ['site.webmanifest', 'worker'],
    ['config.json', 'asset'],
    ['assets/app.js', 'asset'],
  ])('%s is a %s', (path, kind) => {
    expect(kindOf(path)).toBe(kind);
  });
});

describe('headers', () => {
  it('by default: hashed names for a year, everything else is asked for again', () => {
    const of = headersOf(NO_RULES);
    expect(of('a-BxY3d_9a.css')).toEqual({
      'content-type': 'text/css; charset=utf-8',
      'cache-control': IMMUTABLE,
    });
    expect(of('index.html')).toEqual({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-cache',
    });
    expect(of('logo.png')['cache-control']).toBe('no-cache');
    expect(of('LICENSE')['content-type']).toBe('application/octet-stream');
    expect(of('.well-known/apple-app-site-association')['content-type']).toBe('application/json');
  });

  it('by rules: the last pattern that fits counts', () => {
    const of = headersOf({
      cache: { '*.png': '1h30m', 'brand/*.png': 'immutable', '/secret.png': 'private, max-age=0' },
      headers: { '*.pdf': { 'content-disposition': 'attachment', 'content-language': undefined } },
      types: { '*.glb': 'model/gltf-binary', feed: 'application/rss+xml' },
    });
    expect(of('a/b.png')['cache-control']).toBe('public, max-age=5400');
    expect(of('brand/b.png')['cache-control']).toBe(IMMUTABLE);
    expect(of('secret.png')['cache-control']).toBe('private, max-age=0');
    expect(of('x/secret.png')['cache-control']).toBe('public, max-age=5400');
    expect(of('a.pdf')).toMatchObject({ 'content-disposition': 'attachment' });
    expect(of('a.pdf')).not.toHaveProperty('content-language');
    expect(of('feed')['content-type']).toBe('application/rss+xml');
  });
});

describe('the paths of an invalidation', () => {
  const at = (prefix: string, path = '') => ({
    place: { bucket: 'web', prefix },
    distribution: { origins: [{ domain: 'web.s3.eu-west-3.amazonaws.com', path }] },
  });
  const told = (paths: readonly string[], { place, distribution }: ReturnType<typeof at>) =>
    cdnPaths(paths, place, distribution);

  it('are those that viewers ask for: an index answers for its folder too', () => {
    expect(told(['index.html', 'docs/index.html', 'a.js'], at(''))).toEqual([
      '/',
      '/a.js',
      '/docs/',
      '/docs/index.html',
      '/index.html',
    ]);
    expect(told([], at(''))).toEqual([]);
  });

  it('follow the folder of the bucket, and the folder that the origin shows', () => {
    expect(told(['a.js'], at('site/'))).toEqual(['/site/a.js']);
    expect(told(['a.js'], at('site/', '/site'))).toEqual(['/a.js']);
    expect(told(['a.js'], at('site/v2/', '/site'))).toEqual(['/v2/a.js']);
    expect(told(['a.js'], at('site/', '/other'))).toEqual(['/site/a.js']);
  });

  it('are encoded where a URL has to be, and nowhere else', () => {
    expect(told(['a b/é+@~.js'], at(''))).toEqual(['/a%20b/%C3%A9+@~.js']);
  });

  it('past thirty are one with a star, of the folder that they are all in', () => {
    const many = (folder: string) => Array.from({ length: MOST_PATHS + 1 }, (_, i) => `${folder}${i}.html`);
    expect(told(many('blog/'), at(''))).toEqual(['/blog/*']);
    expect(told([...many('blog/'), 'index.html'], at(''))).toEqual(['/*']);
    expect(told(many('blog/'), at('site/'))).toEqual(['/site/blog/*']);
    expect(told(many('').slice(0, MOST_PATHS), at(''))).toHaveLength(MOST_PATHS);
    expect(told(['*'], at('site/', '/site'))).toEqual(['/*']);
  });

  it('are everything where the distribution may not be looked at', () => {
    expect(cdnPaths(['a.js'], { bucket: 'web', prefix: 'site/' }, undefined)).toEqual(['/*']);
  });

  it('share a folder', () => {
    expect(sharedFolder(['/a/b/', '/a/b/c/'])).toBe('/a/b/');
    expect(sharedFolder(['/a/b/', '/a/bc/'])).toBe('/a/');
    expect(sharedFolder(['/a/', '/'])).toBe('/');
  });
});

describe('a configuration file', () => {
  const values = { b: 'x</script>', a: 1, c: true };

  it('is JSON with its keys in order, literals with their type', () => {
    expect(configText({ path: 'config.json', values, global: 'C' })).toBe(
      '{\n  "a": 1,\n  "b": "x</script>",\n  "c": true\n}\n',
    );
  });

  it('as a script sets a global, and cannot end the element that it may be put into', () => {
    const text = configText({ path: 'config.js', values, global: 'CONFIG' });
    expect(text).not.toContain('</script>');
    const scope: { CONFIG?: unknown } = {};
    new Function('globalThis', text)(scope);
    expect(scope.CONFIG).toEqual(values);
  });
});
