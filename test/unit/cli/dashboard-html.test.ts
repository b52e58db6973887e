import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { ReportKeeper, writeReport } from '../../../src/lib/cli/dashboard/report-file.ts';
import { painter } from '../../../src/lib/cli/terminal.ts';
import { dashboardHtml } from '../../../src/lib/cli/views/dashboard-html.ts';
import { dashboardView } from '../../../src/lib/cli/views/dashboard-view.ts';
import { NOON, picture } from '../../helpers/picture.ts';

const VOID = new Set(['meta', 'line', 'rect', 'path', 'circle', '!doctype']);

/** The elements of a page, and whether each is closed where it should be. Attributes have quotes. */
function elements(html: string): { name: string; attributes: Map<string, string> }[] {
  const found: { name: string; attributes: Map<string, string> }[] = [];
  const open: string[] = [];
  const body = html.replace(/<style>[\s\S]*?<\/style>/, '');
  for (const [tag, close, name = '', rest = ''] of body.matchAll(
    /<(\/?)([!a-z][a-z0-9-]*)((?:\s+[A-Za-z0-9-]+(?:="[^"<]*")?)*)\s*\/?>/gi,
  )) {
    if (close) {
      expect(open.pop(), `</${name}>`).toBe(name);
      continue;
    }
    const attributes = [...rest.matchAll(/([A-Za-z0-9-]+)="([^"]*)"/g)].map(
      ([, key = '', value = '']) => [key, value] as const,
    );
    found.push({ name: name.toLowerCase(), attributes: new Map(attributes) });
    if (!VOID.has(name.toLowerCase()) && !tag.endsWith('/>')) open.push(name);
  }
  expect(open).toEqual([]);
  // What is left has no bracket that is not part of an element.
  expect(
    body.replace(/<(\/?)([!a-z][a-z0-9-]*)((?:\s+[A-Za-z0-9-]+(?:="[^"<]*")?)*)\s*\/?>/gi, ''),
  ).not.toMatch(/[<>]/);
  return found;
}

describe('the report', () => {
  it('is a whole page with every panel and a chart for each metric that has data', () => {
    const html = dashboardHtml(picture());
    const all = elements(html);
    const count = (name: string) => all.filter((one) => one.name === name).length;
    expect(html).toMatch(/^<!doctype html>\n<html lang="en">/);
    expect(count('section')).toBe(6);
    expect(count('figure')).toBe(6);
    expect(html).toContain('No data in this time: Worker throttles');
    expect(count('svg')).toBe(6);
    for (const text of [
      'shop dev',
      '1 of 2 in ALARM',
      '12, 17 (limit 10), for 4 min',
      'good for 61 days',
      '9 h old',
      '$17.23',
    ])
      expect(html).toContain(text);
    expect(html).toContain('last 58.7 %'.replace('last ', 'newest '));
  });

  it('loads nothing, runs nothing, and says so to the browser', () => {
    const html = dashboardHtml(picture());
    const all = elements(html);
    expect(all.map(({ name }) => name)).not.toEqual(expect.arrayContaining(['script']));
    for (const { name, attributes } of all) {
      expect(['script', 'link', 'img', 'iframe', 'object', 'form', 'base', 'a']).not.toContain(name);
      for (const key of attributes.keys()) expect(key).not.toMatch(/^(on|src|href|action|style)/i);
    }
    expect(html).not.toMatch(/url\(|@import/);
    const policy = all.find(({ attributes }) => attributes.get('http-equiv') === 'Content-Security-Policy');
    expect(policy?.attributes.get('content')).toMatch(/^default-src &#39;none&#39;/);
    expect(html).toContain('prefers-color-scheme: dark');
    expect(html).toContain('@media print');
  });

  it('a name that is markup is text', () => {
    const html = dashboardHtml(picture({ evil: true }));
    expect(elements(html).map(({ name }) => name)).not.toContain('script');
    expect(html).toContain('&lt;script&gt;');
    expect(html).not.toMatch(/[\u0000-\u0008\u000B-\u001F]/);
  });

  it('a gap in the data is a gap in the drawing: two lines, not one', () => {
    const html = dashboardHtml(picture());
    const line = /<path class="line duration" d="([^"]*)"/.exec(html)?.[1] ?? '';
    expect(line.match(/M/g)).toHaveLength(2);
    expect(html.match(/<rect class="data requests"/g)).toHaveLength(33);
  });

  it('is drawn before anything has answered, too', () => {
    expect(() => elements(dashboardHtml(picture({ asked: false })))).not.toThrow();
  });
});

describe('the file of the report', () => {
  const folder = () => mkdtempSync(path.join(tmpdir(), 'infractl-report-'));

  it('is there as a whole or not at all, redacted; nothing is left beside it', async () => {
    const at = folder();
    const file = path.join(at, 'report.html');
    const written = await writeReport(file, picture(), (text) => text.replaceAll('ann', '[secret]'));
    expect(readdirSync(at)).toEqual(['report.html']);
    expect(readFileSync(file, 'utf8')).toContain('by [secret]');
    expect(written).toEqual({ file, bytes: Buffer.byteLength(readFileSync(file)) });
    rmSync(at, { recursive: true });
  });

  it('a folder that is not there is said in words', async () => {
    await expect(writeReport('/nonexistent/report.html', picture(), (text) => text)).rejects.toMatchObject({
      code: 'FileNotWritten',
      exit: 2,
    });
  });

  it('is kept fresh: written when all has answered, and again when it is old', async () => {
    const at = folder();
    const file = path.join(at, 'report.html');
    const keeper = new ReportKeeper(
      file,
      30_000,
      (text) => text,
      (error) => expect.fail(String(error)),
    );
    keeper.see(picture({ asked: false }));
    expect(existsSync(file)).toBe(false);
    keeper.see(picture());
    await expect.poll(() => existsSync(file), { timeout: 60_000 }).toBe(true);
    expect(readFileSync(file, 'utf8')).toContain('http-equiv="refresh" content="30"');
    await expect
      .poll(
        () => {
          keeper.see({ ...picture(), at: NOON + 60_000, range: '1d' });
          return readFileSync(file, 'utf8').includes(new Date(NOON + 60_000).toISOString());
        },
        { timeout: 60_000 },
      )
      .toBe(true);
    rmSync(at, { recursive: true });
  });
});

describe('the table', () => {
  const text = (columns: number) => dashboardView(picture()).text({ paint: painter(false), columns });

  it('has the same facts as the screen, for grep', () => {
    const all = text(Number.POSITIVE_INFINITY);
    expect(all).toMatch(/^shop dev eu-west-3, 2026-01-05 .* {2}1 alarm, 1 bad, 1 not seen$/m);
    expect(all).toMatch(/^ {2}✗ shop-errors +12, 17 \(limit 10\), for 4 min — the sum of Errors/m);
    expect(all).toMatch(/^ {2}✓ web +CPU 12 %, memory 55 %, \/ 70 %, load 0.2$/m);
    expect(all).toMatch(/^ {2}Api errors +[▁-█ ]+ {2}\d+/m);
    expect(all).toMatch(/^ {2}Worker throttles +no data$/m);
  });

  it('fits 40 columns', () => {
    for (const line of text(40).split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  it('what could not be seen is exit 3', () => {
    expect(dashboardView(picture()).exit).toBe(3);
    const { backups: _, ...panels } = picture().panels;
    expect(dashboardView({ ...picture(), panels }).exit).toBeUndefined();
  });
});
