import { partOf, writtenShare } from '../../base/share.ts';
import { age, listed, plural } from '../../base/text.ts';
import type { Planned, ReleasePlace } from '../../desks/index.ts';
import type { ReleaseGroup } from '../../project/model.ts';
import type { Ui } from '../terminal.ts';
import type { View } from './view.ts';

/** The host told one more than that, where there are more. */
const MOST_COMMITS = 20;

/** What a deploy would bring to which hosts, and the steps of it. */
export function plannedView(planned: readonly Planned[], places: readonly ReleasePlace[]): View {
  const steps = places[0] ? stepsOf(places[0]) : [];
  const changed = planned.some((one) => one.changed);
  return {
    json: { changed, hosts: planned, steps, dryRun: true },
    text: (ui) =>
      [
        ...planned.map((one) => plannedText(one, ui)),
        ...(changed ? [steps.map((step) => `${ui.paint('dim', '·')} ${step}`).join('\n')] : []),
        ui.paint('dim', 'A dry run: nothing that runs was touched.'),
      ].join('\n'),
  };
}

function plannedText({ host, changed, id, commit, subject, brings }: Planned, ui: Ui): string {
  const what = `${ui.paint('bold', commit.slice(0, 7))}${subject ? ` (${subject})` : ''}`;
  if (!changed) return `Nothing to do: ${host} runs ${what} already.`;
  const over = id ? ` over ${id}` : ', the first release there';
  if (!brings) return `Would release ${what} on ${host}${over}.`;
  if (brings.length === 0)
    return `Would release ${what} on ${host}${over}: the same code or older, with another build, environment or ref.`;
  const more = brings.length > MOST_COMMITS;
  const count = more ? `more than ${MOST_COMMITS} commits` : plural(brings.length, 'commit');
  const lines = brings.slice(0, MOST_COMMITS).map((line) => `  ${line}`);
  return [`Would release ${what} on ${host}${over}: ${count}.`, ...lines, ...(more ? ['  …'] : [])].join(
    '\n',
  );
}

/** The steps of a deploy in the order in which they are taken. */
export function stepsOf({ part }: ReleasePlace): string[] {
  const { build, shared, unit, strategy, ports, health, drain, group } = part;
  const watched = health.settle > 0 ? `, watched for ${age(health.settle)}` : '';
  return [
    ...(group ? [batchWords(group)] : []),
    'git' in part.source ? `fetch ${part.source.git}` : 'bring the folder',
    ...build.map((step) => `build: ${step}`),
    ...(shared.length > 0 ? [`link ${listed(shared)}`] : []),
    strategy === 'restart'
      ? `switch and restart ${unit}${watched}`
      : `start ${unit}@ on the free one of the ports ${listed(ports.map(String))}, send requests there${watched}; stop the old one after ${age(drain)} at most`,
    `back by itself where it is not healthy within ${age(health.timeout)}`,
  ];
}

function batchWords({ batch, maxErrors }: ReleaseGroup): string {
  const many = 'count' in batch ? plural(batch.count, 'member') : `${batch.percent}% of the members`;
  const stop =
    partOf(maxErrors, 100) === 0 ? '' : `; it goes on until more than ${writtenShare(maxErrors)} have failed`;
  return `${many} at a time: out of the load balancer where there is one, released to, and back when it is healthy there${stop}`;
}
