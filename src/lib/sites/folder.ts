import ignore from 'ignore';
import { UsageError } from '../base/errors.ts';
import { type FolderEntry, folderFiles } from '../base/folder-files.ts';
import { bytes, listed, plural } from '../base/text.ts';

/** Never published: repositories, and what other tools leave behind. */
const NEVER = ['.git', '.svn', '.hg', '.DS_Store', 'Thumbs.db', 'desktop.ini', '*.swp', '*~'];

/** What nobody means to publish. */
const SECRET = [
  '.env',
  '.env.*',
  '*.pem',
  '*.p12',
  '*.pfx',
  '*.key',
  '*.keystore',
  '*.jks',
  '*.kdbx',
  'id_rsa',
  'id_dsa',
  'id_ecdsa',
  'id_ed25519',
  '.aws',
  '.ssh',
  '.npmrc',
  '.netrc',
  '.pypirc',
  '.htpasswd',
  '.pgpass',
  '*.tfstate',
  '*.tfstate.backup',
  '*.tfvars',
  'infractl.yaml',
  'infractl.yml',
  'samconfig.toml',
  'node_modules',
];

/** CopyObject takes so much in one request. */
export const LARGEST = 5 * 1024 ** 3;
/** A key of S3 has so many bytes at the most. */
const LONGEST_KEY = 1024;
const FEW = 5;

/** One file of a folder. */
export type FolderFile = Pick<FolderEntry, 'path' | 'file' | 'size'>;

export interface FolderOrder {
  /** Absolute path. */
  readonly folder: string;
  /** Patterns as in .gitignore. */
  readonly exclude: readonly string[];
  /** Patterns of files that are published although they look like secrets. */
  readonly allow: readonly string[];
  /** The folder of the bucket; it counts for the length of keys. */
  readonly prefix: string;
}

/**
 * The files of a folder that are published. Links are followed inside the folder.
 *
 * @throws UsageError `SiteFolderMissing`, `SiteEmpty`, `SecretInSite`, `BadLink`, `NotAFile`, `FileTooLarge`,
 *   `NameTooLong`, `FileNotReadable`
 */
export async function readFolder(order: FolderOrder): Promise<FolderFile[]> {
  const { folder } = order;
  const excluded = ignore()
    .add(NEVER)
    .add([...order.exclude]);
  const exclusion = '`exclude` of the site';
  const files = await folderFiles({ folder, excluded, done: 'published', exclusion });
  if (files === undefined) throw missing(folder);
  if (files.length === 0) throw empty(folder);
  refuseSecrets(files, order);
  refuseImpossible(files, order);
  return files;
}

function refuseSecrets(files: readonly FolderFile[], { folder, allow }: FolderOrder): void {
  const secret = ignore().add(SECRET);
  const allowed = ignore().add([...allow]);
  const found = files
    .map(({ path }) => path)
    .filter((path) => secret.ignores(path) && !allowed.ignores(path));
  if (found.length === 0) return;
  const more = found.length > FEW ? ` and ${found.length - FEW} more` : '';
  throw new UsageError({
    code: 'SecretInSite',
    message: `${folder} has files that are not for the public: ${listed(found.slice(0, FEW))}${more}. Nothing was published.`,
    why: 'Whatever is in the folder can be read by everybody.',
    suggestions: [
      'Publish the folder that the build makes, not the one that it is made of.',
      'Or leave them out: `exclude: [...]` of the site. What is meant to be public: `allow: [...]`.',
    ],
  });
}

function refuseImpossible(files: readonly FolderFile[], { folder, prefix }: FolderOrder): void {
  const large = files.find(({ size }) => size > LARGEST);
  if (large)
    throw new UsageError({
      code: 'FileTooLarge',
      message: `${large.path} in ${folder} has ${bytes(large.size)}: a file of a site may have ${bytes(LARGEST)}.`,
      suggestions: ['Put it into a bucket by itself, and leave it out: `exclude` of the site.'],
    });
  const long = files.find(({ path }) => Buffer.byteLength(prefix + path) > LONGEST_KEY);
  if (long)
    throw new UsageError({
      code: 'NameTooLong',
      message: `The path ${long.path} is too long: S3 takes ${plural(LONGEST_KEY, 'byte')}.`,
    });
}

function missing(folder: string): UsageError {
  return new UsageError({
    code: 'SiteFolderMissing',
    message: `There is no folder ${folder} to publish.`,
    suggestions: [
      'Build the site first. Or let a deploy do it: `build: [npm, run, build]` of the site.',
      'If the build writes to another folder, name it: `folder` of the site.',
    ],
  });
}

function empty(folder: string): UsageError {
  return new UsageError({
    code: 'SiteEmpty',
    message: `${folder} has no file: nothing would be left of the site.`,
    suggestions: ['Build the site first, or look at `folder` and `exclude` of the site.'],
  });
}
