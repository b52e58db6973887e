import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkTemplate } from '../../../src/lib/stacks/index.ts';
import { loadTemplate } from '../../../src/lib/stacks/template/load.ts';
import { rejection } from './setup.ts';

describe('a template file', () => {
  let folder: string;
  let file: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'infractl-load-'));
    file = join(folder, 'template.yaml');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('that is missing, a folder, or too large is said so before anything is parsed', async () => {
    expect(await rejection(checkTemplate(file))).toMatchObject({
      code: 'TemplateMissing',
      exit: 2,
      message: `There is no template at ${file}.`,
    });
    expect(await rejection(checkTemplate(folder))).toMatchObject({ code: 'TemplateMissing' });
    await writeFile(file, `# ${'x'.repeat(1_000_000)}`);
    expect(await rejection(checkTemplate(file))).toMatchObject({
      code: 'TemplateTooLarge',
      message: expect.stringContaining('has 1000002 bytes; CloudFormation takes no more than 1000000'),
    });
  });

  it('is parsed once, and again when it has changed', async () => {
    const text = (type: string) => `Resources:\n  A: {Type: ${type}}\n`;
    await writeFile(file, text('AWS::SNS::Topic'));
    const first = await checkTemplate(file);
    expect(await checkTemplate(file)).toBe(first);
    await writeFile(file, text('AWS::SQS::Queue'));
    expect((await checkTemplate(file)).resources.get('A')?.type).toBe('AWS::SQS::Queue');
  });

  it('that an editor on Windows wrote goes to AWS without the mark that it begins with', async () => {
    for (const text of [
      'Resources:\r\n  A: {Type: AWS::SNS::Topic}\r\n',
      '{"Resources":{"A":{"Type":"AWS::SNS::Topic"}}}',
    ])
      for (const encoding of ['utf8', 'utf16le'] as const) {
        await writeFile(file, `\uFEFF${text}`, encoding);
        expect((await loadTemplate(file)).text).toBe(text);
      }
  });

  it('with mistakes names them all, and the blueprint has none', async () => {
    await writeFile(file, 'Resources:\n  A: {Type: X, DependsOn: B}\nOutputs:\n  O: {Value: !Ref C}\n');
    const error = await rejection(checkTemplate(file));
    expect(error).toMatchObject({ code: 'TemplateInvalid', exit: 2 });
    expect(error.message).toContain('2 mistakes');
    const blueprint = join(import.meta.dirname, '../../../templates/auth-manager/infra');
    for (const name of ['registry.yaml', 'template.yaml']) {
      const facts = await checkTemplate(join(blueprint, name));
      expect(facts.resources.size).toBeGreaterThan(0);
    }
  });
});
