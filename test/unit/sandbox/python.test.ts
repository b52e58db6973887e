import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../../..');

/** Names that came after the versions that are promised: what a newer Python on this machine would not notice. */
const NEWER: Readonly<Record<string, readonly string[]>> = {
  '3.9': 'removeprefix removesuffix is_relative_to randbytes zoneinfo graphlib unparse lcm to_thread'.split(
    ' ',
  ),
  '3.10': 'pairwise aiter anext bit_count EncodingWarning ParamSpec TypeAlias TypeGuard'.split(' '),
  '3.11':
    'UTC tomllib TaskGroup Runner timeout_at ExceptionGroup BaseExceptionGroup StrEnum Self LiteralString Never Required NotRequired assert_never'.split(
      ' ',
    ),
  '3.12': 'batched override TypeAliasType is_junction'.split(' '),
};

/** The lines that a Python of that version does not know, by grammar or by name. */
function unknownTo(version: string, files: string): string[] {
  const minor = Number(version.split('.')[1]);
  const names = Object.entries(NEWER).flatMap(([since, all]) =>
    Number(since.split('.')[1]) > minor ? all : [],
  );
  const program = `
import ast, glob, json, sys
minor, names, files = json.load(sys.stdin)
found = []
for file in sorted(glob.glob(files, recursive=True)):
    try:
        tree = ast.parse(open(file, encoding="utf-8").read(), file, feature_version=(3, minor))
    except SyntaxError as error:
        found.append(f"{file}:{error.lineno}: {error.msg}")
        continue
    for node in ast.walk(tree):
        said = [node.attr] if isinstance(node, ast.Attribute) else [node.id] if isinstance(node, ast.Name) else []
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            said = [one.name for one in node.names] + [getattr(node, "module", None)]
        found += [f"{file}:{node.lineno}: {name}" for name in said if name in names]
print(json.dumps(found))`;
  const input = JSON.stringify([minor, names, join(root, files)]);
  return JSON.parse(execFileSync('python3', ['-c', program], { input, encoding: 'utf8' }));
}

describe('Python', () => {
  it('of the sandbox is that of 3.10, the oldest that it is promised to run on', () => {
    expect(unknownTo('3.10', 'src/lib/sandbox/emulator/**/*.py')).toEqual([]);
  });

  it('of the agent on hosts is that of 3.8', () => {
    expect(unknownTo('3.8', 'src/lib/releases/agent/*.py')).toEqual([]);
  });

  it('that is newer is found', () => {
    expect(unknownTo('3.7', 'src/lib/sandbox/emulator/**/*.py').length).toBeGreaterThan(0);
  });
});
