import { age } from '../../base/text.ts';
import { localTime } from '../../base/times.ts';
import {
  type Chart,
  chartsOf,
  type Mood,
  type Picture,
  thingsOf,
  verdictOf,
  verdictWords,
} from '../../monitoring/dashboard/index.ts';
import type { MetricWindow } from '../../monitoring/index.ts';
import { chartTitle } from '../dashboard/chart-lines.ts';
import { markOf } from '../dashboard/marks.ts';
import { type Panel, panelsOf, type Row } from '../dashboard/panels.ts';
import { figuresOf } from '../dashboard/plot.ts';
import { escaped, svgChart } from '../dashboard/svg.ts';

/** The page may load nothing, run nothing, and send nothing anywhere. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

const STYLE = `
:root { color-scheme: light dark; --back: #fff; --panel: #f6f7f9; --text: #1b1f24; --quiet: #5c6570; --rule: #d5dae0;
  --good: #1a7f37; --bad: #c8102e; --warn: #8a5a00; --cyan: #0b6e8a; --magenta: #8a3ea8; --green: #2a7d4f; }
@media (prefers-color-scheme: dark) { :root { --back: #14171b; --panel: #1c2127; --text: #e4e8ec; --quiet: #98a2ad;
  --rule: #333b44; --good: #4cc274; --bad: #ff6b7a; --warn: #e0b04a; --cyan: #53c2e0; --magenta: #cf8fe8; --green: #63c98f; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 100rem; padding: 1.5rem; background: var(--back); color: var(--text);
  font: 14px/1.45 system-ui, sans-serif; }
h1 { font-size: 1.4rem; margin: 0; } h2 { font-size: 1rem; margin: 0 0 .5rem; } h3 { font-size: .9rem; margin: 0; font-weight: 600; }
header { display: flex; flex-wrap: wrap; gap: .3rem 1rem; align-items: baseline; margin-bottom: 1.2rem; }
header p { margin: 0; } .quiet { color: var(--quiet); font-weight: 400; } .good { color: var(--good); } .bad { color: var(--bad); }
.unknown, .busy { color: var(--warn); } .off { color: var(--quiet); } .verdict { font-weight: 600; }
.panels { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(30rem, 100%), 1fr)); gap: 1rem; margin-bottom: 1rem; }
section, figure { background: var(--panel); border: 1px solid var(--rule); border-radius: .4rem; padding: .8rem 1rem; margin: 0;
  min-width: 0; break-inside: avoid; }
table { border-collapse: collapse; width: 100%; } td { padding: .15rem .6rem .15rem 0; vertical-align: top; overflow-wrap: anywhere; }
td:first-child { width: 1.2rem; padding-right: .3rem; } td.name { width: 38%; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(26rem, 100%), 1fr)); gap: 1rem; }
figcaption { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 1rem; margin-bottom: .3rem; }
figcaption span { white-space: nowrap; } svg { width: 100%; height: auto; display: block; font: 11px system-ui, sans-serif; }
svg text { fill: var(--quiet); } .grid { stroke: var(--rule); stroke-width: 1; } .line { fill: none; stroke-width: 1.6; }
.data { fill: var(--cyan); } .line { stroke: var(--cyan); }
.errors, .throttles { fill: var(--bad); } .line.errors, .line.throttles { fill: none; stroke: var(--bad); }
.duration { fill: var(--magenta); } .line.duration { fill: none; stroke: var(--magenta); }
.cpu, .memory, .disk { fill: var(--green); } .line.cpu, .line.memory, .line.disk { fill: none; stroke: var(--green); }
footer { margin-top: 1.2rem; color: var(--quiet); } .none { color: var(--quiet); margin: 0; }
/* A chart is drawn smaller on a telephone, its words are not. */
@media (max-width: 32rem) { svg { font-size: 14px; } }
@media print { :root { --back: #fff; --panel: #fff; --text: #000; --quiet: #444; --rule: #bbb; --good: #1a7f37; --bad: #c8102e;
  --warn: #8a5a00; --cyan: #0b6e8a; --magenta: #8a3ea8; --green: #2a7d4f; } body { padding: 0; font-size: 10pt; max-width: none; }
  * { print-color-adjust: exact; } .charts { grid-template-columns: 1fr 1fr; } .panels { grid-template-columns: 1fr 1fr; } }
`;

/**
 * One page with everything in it: it loads nothing, runs no script, follows the reader's dark or light, and prints.
 *
 * @param again seconds after which a browser reads the file anew
 */
export function dashboardHtml(picture: Picture, again?: number): string {
  const { place, at, spent, cost } = picture;
  const things = thingsOf(picture);
  const verdict = verdictOf(things);
  const mood: Mood = verdict === 'unhealthy' ? 'bad' : verdict === 'unknown' ? 'unknown' : 'good';
  const name = `${place.project} ${place.environment}`;
  const where = [place.region, place.profile, place.sandbox ? 'sandbox' : ''].filter(Boolean).join(' · ');
  const time = localTime(new Date(at).toISOString());
  const { charts, window } = chartsOf(picture);
  const drawn = charts.filter(({ points }) => points.length > 0);
  const empty = charts.filter(({ points }) => points.length === 0);
  const told = picture.panels.metrics;
  const trouble = told?.trouble?.error ?? told?.lost?.[0];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${escaped(POLICY)}">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">${again === undefined ? '' : `\n<meta http-equiv="refresh" content="${Math.max(1, Math.round(again))}">`}
<title>${escaped(`${name}: ${verdictWords(things)}`)}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>${escaped(name)}</h1>
<p class="verdict ${mood}">${markOf(mood)} ${escaped(verdictWords(things))}</p>
<p class="quiet">${escaped(where)}</p>
<p class="quiet"><time datetime="${new Date(at).toISOString()}">${escaped(time)}</time></p>
</header>
<div class="panels">
${panelsOf(picture).map(panelHtml).join('\n')}
</div>
${charts.length === 0 ? '' : `<h2>Metrics <span class="quiet">${escaped(`${localTime(new Date(window.from).toISOString(), 'minutes')} to ${localTime(new Date(window.to).toISOString(), 'minutes')}, a point is ${age(window.period)}`)}</span></h2>`}
${trouble ? `<p class="unknown">? ${escaped(trouble.message)}</p>` : ''}
<div class="charts">
${drawn.map((chart) => figureHtml(chart, window)).join('\n')}
</div>
${empty.length === 0 ? '' : `<p class="quiet">No data in this time: ${escaped(empty.map(chartTitle).join(', '))}</p>`}
<footer>
<p>Cost: ${escaped(cost.note)}</p>
<p>${escaped(`${spent.calls} calls of AWS were made for this page.`)} A time without data is empty in a chart: it is not zero.</p>
</footer>
</body>
</html>
`;
}

function panelHtml({ title, badge, badgeMood, rows }: Panel): string {
  const mark = badge === '' ? '' : ` <span class="${badgeMood ?? 'quiet'}">${escaped(badge)}</span>`;
  const body =
    rows.length === 0 ? '<p class="none">none</p>' : `<table>${rows.map(rowHtml).join('')}</table>`;
  return `<section>\n<h2>${escaped(title)}${mark}</h2>\n${body}\n</section>`;
}

function rowHtml({ mood, name, words }: Row): string {
  const mark = `<td class="${mood ?? 'quiet'}">${escaped(markOf(mood))}</td>`;
  return words === ''
    ? `<tr>${mark}<td colspan="2">${escaped(name)}</td></tr>`
    : `<tr>${mark}<td class="name">${escaped(name)}</td><td>${escaped(words)}</td></tr>`;
}

function figureHtml(chart: Chart, window: MetricWindow): string {
  const figures = figuresOf(chart);
  const words = figures ? `newest ${figures.last}, ${figures.min} to ${figures.max}` : '';
  const title = chartTitle(chart);
  return `<figure>\n<figcaption><h3>${escaped(title)}</h3><span class="quiet">${escaped(words)}</span></figcaption>\n${svgChart(chart, window, `${title}: ${words}`)}\n</figure>`;
}
