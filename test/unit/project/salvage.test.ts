import { expect, it } from 'vitest';
import { salvageProject } from '../../../src/lib/project/index.ts';
import { folderWith } from './folder.ts';

/** A file with a mistake in it; an account stands in it as people write it. */
const broken = (account: string) => `project: shop
account: 111111111111
stakcs: {}
environments:
  dev: {}
  prod: { protected: true, region: eu-west-1, account: ${account} }
`;

it.each([
  ['222222222222', '222222222222'],
  ['"012345678901"', '012345678901'],
  ['012345678901', '012345678901'],
])('what is salvaged of an environment has its own account: %s', async (written, account) => {
  const cwd = folderWith({ 'infractl.yaml': broken(written) });
  const { project } = await salvageProject({ cwd, environment: 'prod', env: {}, git: false });
  expect(project).toMatchObject({ name: 'shop', environment: 'prod', protected: true, account });
  const dev = await salvageProject({ cwd, environment: 'dev', env: {}, git: false });
  expect(dev.project.account).toBe('111111111111');
});
