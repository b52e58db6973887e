import { shellWord } from '../../base/shell-words.ts';
import { plural } from '../../base/text.ts';
import type { ProjectPlan } from '../../blueprints/index.ts';
import type { View } from './view.ts';

/** What `infractl init` made, or would make, and what to type next. */
export function initView(plan: ProjectPlan, at: { folder: string; dryRun: boolean }): View {
  const paths = plan.files.map(({ path }) => path);
  const next = nextCommands(at.folder, plan.blueprint.next);
  const variant = plan.variant ? ` (${plan.variant.name})` : '';
  return {
    json: {
      dryRun: at.dryRun,
      from: 'blueprint',
      blueprint: plan.blueprint.name,
      variant: plan.variant?.name ?? null,
      name: plan.name,
      region: plan.region ?? null,
      folder: plan.target,
      files: paths,
      next,
      remarks: [],
      configuration: null,
    },
    ...(at.dryRun ? {} : { folder: plan.target, next }),
    text({ paint }) {
      const verb = at.dryRun ? 'Would make' : 'Made';
      const summary = `${verb} the project ${plan.name} from ${plan.blueprint.name}${variant}:`;
      const lines = [summary, ...entries(at.folder, plan).map((entry) => `  ${entry}`)];
      if (at.dryRun) return lines.join('\n');
      return [...lines, '', 'Next:', ...next.map((command) => `  ${paint('cyan', command)}`)].join('\n');
    },
  };
}

function nextCommands(folder: string, after: readonly string[]): readonly string[] {
  const enter = folder === '.' ? [] : [`cd ${shellWord(folder)}`];
  const commands = ['deploy --create-stack', ...after].map((command) => `infractl ${command} --sandbox`);
  return [...enter, 'infractl sandbox start', ...commands];
}

/** What stands at the top of the folder; what is below is counted. */
function entries(folder: string, { files, blueprint }: ProjectPlan): readonly string[] {
  const counts = new Map<string, number>();
  for (const { path } of files) {
    const [first = '', ...rest] = path.split('/');
    counts.set(first, (counts.get(first) ?? 0) + (rest.length > 0 ? 1 : 0));
  }
  const prefix = folder === '.' ? '' : `${folder}/`;
  const notes = new Map([
    ['.env.secrets', blueprint.generate.length > 0 ? 'with secrets made at random; ' : 'for secrets; '],
    [blueprint.sshKey?.file.split('/')[0] ?? '', 'a new key pair; '],
  ]);
  return [...counts].map(([name, count]) => {
    const note = notes.get(name);
    const said = note === undefined ? '' : ` (${note}git ignores it)`;
    return count > 0 && !note ? `${prefix}${name}/ (${plural(count, 'file')})` : `${prefix}${name}${said}`;
  });
}
