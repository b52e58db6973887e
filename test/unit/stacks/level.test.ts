import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { levelOf } from '../../../src/lib/stacks/diff/level.ts';
import { sideOf } from '../../../src/lib/stacks/diff/resources.ts';
import { readTemplate } from '../../../src/lib/stacks/template/template.ts';

/** Nested stacks of a stack that is compared by its templates. */

const folder = mkdtempSync(path.join(tmpdir(), 'infractl-level-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const PARENT = `Resources:
  Database: { Type: AWS::CloudFormation::Stack, Properties: { TemplateURL: database.yaml } }
`;
writeFileSync(path.join(folder, 'database.yaml'), 'Resources:\n  Table: { Type: AWS::SNS::Topic }\n');
const template = readTemplate(path.join(folder, 'app.yaml'), PARENT);
const side = sideOf(template, {}, new Set());
const order = {
  before: side,
  after: side,
  local: template,
  secrets: new Set<string>(),
  textOf: ({ text }: { text: string }) => text,
};
const nothing = { resources: async () => [], stack: async () => undefined, template: async () => undefined };

it('of a stack that is known by its template alone are not said to be new', async () => {
  const level = await levelOf(nothing, { ...order, stack: 'shop-app-dev' });
  expect(level.resources).toEqual([]);
  expect([...level.nested]).toEqual([]);
});

it('of a stack that is not there yet are', async () => {
  const level = await levelOf(undefined, { ...order, before: undefined, stack: undefined });
  expect(level.nested.get('Database')?.resources).toMatchObject([{ logicalId: 'Table' }]);
});
