/** Reads the output of a builder, line by line: a short status for the view, and the lines that matter. */
export interface BuildLog {
  /** What the line says in short, when that is new. */
  status(line: string): string | undefined;
  /** Why the build failed: the failed step's own words first, the verdict last. */
  tail(): string[];
}

const MOST = 20;
/** Characters of a line that are kept: a minified bundle in an error message helps nobody. */
const WIDEST = 400;
/** Kept while the build runs; the failed step is among the last ones that spoke. */
const KEPT = 2_000;

/** `#7 [stage-1 2/5] RUN npm ci`, `#7 0.412 added 3 packages`, `#7 ERROR: …` */
const BUILDKIT = /^#(?<step>\d+) (?<rest>.*)$/;
/** What BuildKit says of a step that is not the step's own output. */
const CHATTER = /^(?:DONE|CACHED|sha256:|\.\.\.$|transferring |exporting |writing image|naming to|\[)/;
/** `Step 3/7 : RUN npm ci`, and podman's `STEP 3/7: RUN npm ci`, `[2/2] STEP 3/7: …` */
const PLAIN = /^(?:\[\d+\/\d+\] )?step (?<at>\d+\/\d+)\s*: (?<doing>.*)$/i;
const NOISE =
  /^(?:\s*$|-{3,}$| ---> |Removing intermediate container|Sending build context|DEPRECATED: The legacy builder|\s+BuildKit is currently disabled|\s+environment-variable\.$|\s+Install the buildx component|\s+https:\/\/docs\.docker\.com\/go\/buildx|WARN: legacy-builder|sha256:[0-9a-f]{64}$)/;

/** Lines that say nothing to a reader: empty ones, and BuildKit's digests of its steps. */
export function isBlank(line: string): boolean {
  return line.trim() === '' || /^#\d+ sha256:[0-9a-f]{64}$/.test(line);
}

export function buildLog(): BuildLog {
  const lines: { step: string; text: string }[] = [];
  const titles = new Map<string, string>();
  let failed: string | undefined;
  let current = '';
  let last: string | undefined;

  const fresh = (status: string | undefined) => {
    if (status === undefined || status === last) return undefined;
    last = status;
    return status;
  };
  const keep = (step: string, text: string) => {
    if (NOISE.test(text)) return;
    lines.push({ step, text: text.length > WIDEST ? `${text.slice(0, WIDEST)}…` : text });
    if (lines.length > 2 * KEPT) lines.splice(0, KEPT);
  };

  return {
    status(line) {
      const buildkit = BUILDKIT.exec(line)?.groups;
      if (buildkit) {
        const { step = '', rest = '' } = buildkit;
        if (!titles.has(step)) {
          titles.set(step, rest);
          return fresh(stepStatus(rest));
        }
        if (/^(?:ERROR|CANCELED)/.test(rest)) {
          // The first to fail is the cause; the others were stopped for it.
          if (rest.startsWith('ERROR')) failed ??= step;
          keep(step, rest);
        } else if (!CHATTER.test(rest)) keep(step, rest.replace(/^\d+\.\d+ /, ''));
        return undefined;
      }
      const plain = PLAIN.exec(line)?.groups;
      if (plain) {
        current = `plain ${plain.at}`;
        titles.set(current, line);
        failed = current;
        return fresh(`step ${plain.at}: ${short(plain.doing ?? '')}`);
      }
      keep(current, line);
      return undefined;
    },
    tail() {
      const verdict = lines.filter(({ step }) => step === '').map(({ text }) => text);
      if (failed === undefined)
        return (verdict.length > 0 ? verdict : lines.map(({ text }) => text)).slice(-MOST);
      const title = titles.get(failed);
      const end = closing(verdict);
      const own = lines
        .filter(({ step, text }) => step === failed && !(end.length > 0 && text.startsWith('ERROR: ')))
        .map(({ text }) => text);
      const room = MOST - (title === undefined ? 0 : 1) - end.length;
      return [...(title === undefined ? [] : [title]), ...own.slice(-room), ...end];
    },
  };
}

/** BuildKit's last words repeat the step's output; only its final sentence is new. */
function closing(verdict: readonly string[]): string[] {
  return verdict
    .filter((line) => /^(?:ERROR: |error: |failed to solve|executor failed)/i.test(line))
    .slice(-1);
}

function stepStatus(rest: string): string | undefined {
  const named = /^\[(?<where>[^\]]+)\] (?<doing>.*)$/.exec(rest)?.groups;
  if (!named) return /^(?:exporting|importing) /.test(rest) ? short(rest) : undefined;
  if (named.where === 'internal') return undefined;
  const at = /\d+\/\d+/.exec(named.where ?? '')?.[0];
  const stage = /^[a-z][\w-]*(?= )/.exec(named.where ?? '')?.[0];
  const place = [stage?.startsWith('stage-') ? undefined : stage, at].filter(Boolean).join(' ');
  return `step ${place || named.where}: ${short(named.doing ?? '')}`;
}

function short(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > 60 ? `${line.slice(0, 59)}…` : line;
}

/** Reads the output of a push: how many layers are through. */
export function pushLog(): (line: string) => string | undefined {
  const layers = new Map<string, boolean>();
  let last = '';
  return (line) => {
    const layer = /^(?<id>[0-9a-f]{12}): (?<state>.+)$/.exec(line)?.groups;
    if (!layer?.id || !layer.state) return undefined;
    const done = /^(?:Pushed|Layer already exists|Mounted from)/.test(layer.state);
    layers.set(layer.id, done || layers.get(layer.id) === true);
    const through = [...layers.values()].filter(Boolean).length;
    const status = `pushing, ${through} of ${layers.size} layers`;
    if (status === last) return undefined;
    last = status;
    return status;
  };
}
