import type { Start, WritePlan } from '../../starting/index.ts';
import type { View } from './view.ts';
import { wrapped } from './wrap.ts';

export interface StartFacts {
  readonly from: 'samconfig' | 'stack' | 'template' | 'nothing';
  readonly dryRun: boolean;
  /** The flags that lead the next commands to the same AWS, each after a space. */
  readonly where: string;
}

/** What `init` made of a samconfig.toml, of stacks, of a template or of words; or would make. */
export function startView(start: Start, plan: WritePlan, { from, dryRun, where }: StartFacts): View {
  const { draft } = start;
  const remarks = [...start.remarks, ...plan.remarks];
  const configuration = plan.files.find(({ path }) => path === 'infractl.yaml')?.text ?? '';
  const stacks = draft.stacks.length > 0;
  const next = ['infractl config validate', `infractl ${stacks ? 'diff' : 'doctor'}${where}`];
  return {
    json: {
      dryRun,
      from,
      blueprint: null,
      variant: null,
      name: draft.project,
      region: draft.region ?? null,
      folder: plan.folder,
      files: plan.files.map(({ path }) => path),
      next,
      remarks,
      configuration,
    },
    ...(dryRun ? {} : { folder: plan.folder, next }),
    text({ paint, columns }) {
      const say = (text: string) => `  ${wrapped(text, Math.min(columns, 120) - 2, 2)}`;
      const lines = [
        `${dryRun ? 'Would make' : 'Made'} the project ${draft.project} from ${draft.from}:`,
        ...plan.files.map(
          ({ path, private: own }) => `  ${path}${own ? ' (for you alone; git must not have it)' : ''}`,
        ),
        ...(remarks.length > 0 ? ['', 'To know:', ...remarks.map(say)] : []),
      ];
      if (dryRun) return [...lines, '', paint('bold', 'infractl.yaml'), configuration.trimEnd()].join('\n');
      return [...lines, '', 'Next:', ...next.map((command) => `  ${paint('cyan', command)}`)].join('\n');
    },
  };
}
