import { bytes, duration, listed, plural, shortId } from '../../base/text.ts';
import type { DeployResult, DestroyResult, Inventory } from '../../deploy/index.ts';
import type { Project } from '../../project/model.ts';
import type { Paint, Ui } from '../terminal.ts';
import { costChangeText } from './cost-change-view.ts';
import { fileLines } from './files-view.ts';
import { pairs, table } from './table.ts';
import type { View } from './view.ts';
import { wrapped } from './wrap.ts';

export interface Place {
  /** Absent where there is no project. */
  readonly project?: string;
  readonly environment?: string;
  readonly region: string;
  readonly profile?: string | undefined;
  readonly sandbox: boolean;
}

/** `auth-manager · dev · eu-west-3 · profile production`: where this command acts, said before it does. */
export function placeLine(place: Place, paint: Paint): string {
  const where = place.sandbox ? 'sandbox' : place.profile ? `profile ${place.profile}` : undefined;
  const words = [place.project, place.environment, place.region, where].filter((word) => word !== undefined);
  return words.map((word, at) => (at === 0 ? paint('bold', word) : word)).join(' · ');
}

/** What a deploy was told not to do, or not told to, by name. */
export interface LeftOut {
  readonly releases: readonly string[];
  readonly stacks: readonly string[];
}

/** What the flags of a deploy leave alone of a project. */
export function leftOut(
  { releases, stacks }: Pick<Project, 'releases' | 'stacks'>,
  flags: Readonly<Record<'create-stack' | 'revert-drift' | 'skip-releases', boolean>>,
): LeftOut {
  return {
    releases: flags['skip-releases'] ? [...releases.keys()] : [],
    stacks: flags['create-stack'] || flags['revert-drift'] ? [] : [...stacks.keys()],
  };
}

/** What a deploy did, or would do. */
export function deployView(
  result: DeployResult,
  where = '',
  left: LeftOut = { releases: [], stacks: [] },
): View {
  const detached = result.parts.some(({ outcome }) => outcome === 'started');
  return {
    json: result,
    text: (ui) =>
      result.dryRun
        ? planText(result, ui)
        : detached
          ? detachedText(result, ui, where)
          : doneText(result, ui, where, left),
  };
}

function planText(result: DeployResult, ui: Ui): string {
  const rows = result.parts.map(({ part, outcome, detail }) => [part, outcome, detail ?? '']);
  const files = result.parts.flatMap((one) =>
    one.files?.length ? [`${one.part}\n${fileLines(one.files, ui)}`] : [],
  );
  return [
    table(ui, ['part', 'would', { title: '', wrap: true }], rows),
    ...files,
    ...costChangeText(result.costs, ui),
    'A dry run: nothing was changed.',
  ].join('\n\n');
}

/** What AWS does alone now, how to join it, and what waits for it. */
function detachedText(result: DeployResult, ui: Ui, where: string): string {
  const named = (outcome: string) =>
    result.parts.filter((one) => one.outcome === outcome).map(({ part }) => part);
  const started = named('started');
  const waiting = named('skipped');
  const lines = [
    `${ui.paint('green', 'Started')} ${result.project} ${result.environment}: ${listed(started)}. AWS goes on with it alone.`,
    ...started.map((part) => `To join it: infractl attach ${part.replace(/^stack /, '')}${where}`),
    ...(waiting.length > 0
      ? [
          `Not done, because it needs what is not there yet: ${listed(waiting)}.`,
          `For that run, now or later: infractl deploy --create-stack --wait${where}`,
        ]
      : []),
  ];
  if (result.journal) lines.push(recorded(result.journal, ui, where));
  return lines.join('\n');
}

function doneText(result: DeployResult, ui: Ui, where: string, { releases, stacks }: LeftOut): string {
  const lines: string[] = [];
  const outputs = outputLines(result.outputs, ui);
  if (outputs) lines.push(outputs, '');
  lines.push(...siteLines(result, ui));
  const changed = result.parts.filter(({ outcome }) => outcome !== 'unchanged' && outcome !== 'passed');
  lines.push(
    result.changed
      ? `${ui.paint('green', 'Deployed')} ${result.project} ${result.environment}: ${plural(changed.length, 'part')} changed in ${duration(result.ms)}.`
      : `Nothing to do: ${result.project} ${result.environment} is as it should be (${duration(result.ms)}).`,
  );
  // What was not looked at cannot be called as it should be.
  if (!result.changed && stacks.length > 0)
    lines.push(
      `Not looked at: ${plural(stacks.length, 'stack')} (${listed(stacks)}). To see how they differ: infractl diff${where}`,
    );
  if (result.journal) lines.push(recorded(result.journal, ui, where));
  lines.push(
    ...releases.map(
      (name) => `Left out: release ${name}. To release it: infractl redeploy --app ${name}${where}`,
    ),
  );
  return lines.join('\n');
}

/** How to see a run again. @param where the flags that lead there, each after a space */
export function recorded(journal: string, ui: Ui, where: string): string {
  return ui.paint('dim', `Recorded: infractl history ${shortId(journal)}${where}`);
}

/** Where the sites of a deploy are to be seen. */
function siteLines({ parts }: DeployResult, ui: Ui): string[] {
  const found = parts.flatMap(({ part, kind, after }) =>
    kind === 'site' && typeof after?.url === 'string' ? [[part, after.url] as const] : [],
  );
  return found.length > 0 ? [pairs(ui, found), ''] : [];
}

/** `app.ApiUrl  https://…`, one a line. */
export function outputLines(outputs: DeployResult['outputs'], ui: Ui): string {
  const entries = Object.entries(outputs).flatMap(([stack, values]) =>
    Object.entries(values).map(([key, value]) => [`${stack}.${key}`, value] as const),
  );
  return pairs(ui, entries);
}

/** What a destroy will take away, for the question before it. */
export function inventoryLines(inventory: Inventory, account: string, paint: Paint): string {
  const lines = [`This deletes in account ${account}:`];
  for (const { stackName, status, data, stays } of inventory.stacks) {
    lines.push(`  ${paint('red', '-')} stack ${stackName} ${paint('dim', status)} and everything in it`);
    // Each function has its log group: to name them all would hide the tables and the databases.
    for (const { logicalId, type, physicalId } of data.filter((one) => one.type !== 'AWS::Logs::LogGroup'))
      lines.push(
        `      ${paint('red', '!')} the data in ${logicalId} ${paint('dim', `${type} ${physicalId}`)}`,
      );
    for (const { logicalId, type, physicalId, fate } of stays)
      lines.push(
        `      ${paint('dim', `stays: ${fate === 'snapshot' ? 'a snapshot of ' : ''}${logicalId}, ${type} ${physicalId}`)}`,
      );
  }
  for (const { kind, name, count, size, more } of inventory.holdings) {
    const what = kind === 'bucket' ? 'object' : 'image';
    lines.push(
      `  ${paint('red', '-')} ${more ? 'more than ' : ''}${plural(count, what)} in the ${kind} ${name}, ${bytes(size)}`,
    );
  }
  for (const { part, bucket, prefix, files } of inventory.sites)
    lines.push(`  ${paint('red', '-')} ${part}: ${plural(files, 'file')} in s3://${bucket}/${prefix}`);
  for (const { part, hosts, goes } of inventory.releases)
    lines.push(
      goes
        ? `  ${paint('red', '-')} ${part}, with ${hosts.length > 0 ? `the machine of ${listed(hosts)}` : 'its group'}`
        : `  ${paint('dim', `stays: ${part} on ${listed(hosts)}`)}`,
    );
  for (const part of inventory.kept) lines.push(`  ${paint('dim', `stays: ${part}`)}`);
  const counted = new Set(inventory.holdings.map(({ name }) => name));
  for (const { uri } of inventory.repositories) {
    if (counted.has(uri.slice(uri.indexOf('/') + 1))) continue;
    lines.push(`  ${paint('red', '-')} all images in ${uri}`);
  }
  if (inventory.bucket)
    lines.push(`  ${paint('dim', `stays: the bucket ${inventory.bucket} with the journal`)}`);
  return lines.join('\n');
}

export function destroyView(result: DestroyResult, where: string): View {
  return {
    json: result,
    text: (ui) => {
      const deleted = result.parts.filter(({ outcome }) => outcome === 'deleted').length;
      const lines = [
        deleted > 0
          ? `${ui.paint('green', 'Destroyed')} ${result.project} ${result.environment} in ${duration(result.ms)}.`
          : `Nothing to do: ${result.project} ${result.environment} is not deployed.`,
        ...result.stays.map((thing) => ui.paint('dim', wrapped(`Stays: ${thing}.`, ui.columns, 7))),
      ];
      if (deleted > 0) lines.push(ui.paint('dim', `Make it again: infractl deploy --create-stack${where}`));
      return lines.join('\n');
    },
  };
}
