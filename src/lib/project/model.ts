/**
 * A project as the rest of infractl sees it: one environment chosen, overrides merged, every value
 * checked, every path absolute. Built by `loadProject`; nothing here reads a file or calls AWS.
 */
import type { Share } from '../base/share.ts';
import type { USAGE } from './usage.ts';

export type Scalar = string | number | boolean;

/** A value that another part or a store gives. The first two are the edges of the project's graph. */
export type Reference =
  /** An output of a stack of the project: `<stack>.<OutputKey>`. */
  | { readonly output: string }
  /** The URI by digest of an image of the project: `<registry>/<repository>@sha256:…`. */
  | { readonly image: string }
  /** A secret of AWS Secrets Manager by name or ARN; `key` picks one field of a JSON secret. */
  | { readonly secret: string; readonly key?: string }
  /** A parameter of AWS Systems Manager Parameter Store; SecureString values are secrets. */
  | { readonly ssm: string }
  /** An environment variable, or a line of `.env.secrets`. Always treated as a secret. */
  | { readonly env: string; readonly default?: string };

export type Value = Scalar | Reference;

/** What a deploy makes true: the nodes of the graph. */
export type PartKind = 'stack' | 'image' | 'function' | 'site' | 'release' | 'check';

/** What is configured and looked at, but made by no deploy. */
export type SideKind = 'host' | 'backup' | 'usage';

/** A part's name in the graph and in every message: `stack app`, `image api`. */
export interface PartId {
  readonly kind: PartKind;
  readonly name: string;
}

/** The name of anything in the configuration. */
export interface ConfiguredId {
  readonly kind: PartKind | SideKind;
  readonly name: string;
}

/** A CloudFormation or SAM stack. */
export interface StackPart {
  readonly name: string;
  /** The stack's name in AWS: `<project>-<part>-<env>` unless configured. */
  readonly stackName: string;
  /** Absolute path of the template. */
  readonly template: string;
  readonly parameters: Readonly<Record<string, Value | readonly Value[]>>;
  readonly tags: Readonly<Record<string, string>>;
  /** Undefined: whatever the stack has. */
  readonly terminationProtection?: boolean;
  /** Deploy it in CloudFormation's express mode. */
  readonly express?: boolean;
  /** What keeps updates from parts of the stack: a file of JSON, by its absolute path, and what is in it. */
  readonly stackPolicy?: { readonly file: string; readonly text: string };
  /** How long to wait for one operation on it, in milliseconds. */
  readonly timeout: number;
  /** Parts that must be done first although no value says so. */
  readonly after: readonly string[];
  /** Exports of other stacks of the project that its template imports; absent where nobody has looked. */
  readonly imports?: readonly StackImport[];
}

/** A value that one stack exports and another one imports by its name (`Fn::ImportValue`). */
export interface StackImport {
  /** The stack that imports it, and the one that exports it, by their parts' names. */
  readonly importer: string;
  readonly exporter: string;
  /** The name of the export in AWS. */
  readonly export: string;
  /** The output that gives it. */
  readonly output: string;
}

/** A container image, known by its digest in an ECR repository. */
export interface ImagePart {
  readonly name: string;
  /** Absolute path of the build context. */
  readonly context: string;
  /** Absolute path of the Dockerfile. */
  readonly dockerfile: string;
  readonly repository: Value;
  /** As Docker writes it: `linux/amd64`. */
  readonly platform: string;
  readonly target?: string;
  readonly args: Readonly<Record<string, Scalar | { readonly env: string; readonly default?: string }>>;
  /** Build secrets (`RUN --mount=type=secret,id=…`): id → where the value comes from. Never part of the image. */
  readonly secrets: Readonly<Record<string, { readonly env: string } | { readonly file: string }>>;
}

/** A Lambda function that runs an image or a zip of a folder, published, with its alias on it. */
export interface FunctionPart {
  readonly name: string;
  readonly functionName: Value;
  readonly code: { readonly image: string } | { readonly zip: string; readonly exclude: readonly string[] };
  /** The alias that traffic goes through. */
  readonly alias: string;
  /** How long to wait until the function is active, in milliseconds. */
  readonly timeout: number;
}

/** A folder of files that a bucket holds and a CDN serves. */
export interface SitePart {
  readonly name: string;
  /** Absolute path; a build may have yet to make it. */
  readonly folder: string;
  readonly bucket: Value;
  /** The folder of the bucket that is the site: empty, or with a slash at its end. */
  readonly prefix: string;
  /** The CloudFront distribution in front of the bucket, by its id. */
  readonly distribution?: Value;
  /** The command that makes the folder, run in the project's; empty: none. */
  readonly build: readonly string[];
  /** Environment variables of the build. */
  readonly environment: Readonly<Record<string, Value>>;
  /** A file that is put into the site with values that only a deploy knows. */
  readonly config?: {
    /** Path in the site; `.json`, or `.js` that sets the global variable. */
    readonly file: string;
    readonly values: Readonly<Record<string, Value>>;
    readonly global: string;
  };
  /** Pattern → `immutable`, `no-cache`, `1h`, or a Cache-Control. The last that fits counts, as in all of these. */
  readonly cache: Readonly<Record<string, string>>;
  /** Pattern → header → value. */
  readonly headers: Readonly<Record<string, Readonly<Record<string, string | undefined>>>>;
  /** Pattern → content type. */
  readonly types: Readonly<Record<string, string>>;
  /** Patterns of files that are not published. */
  readonly exclude: readonly string[];
  /** Patterns of files that are published although they look like secrets. */
  readonly allow: readonly string[];
  /** Assets of so many earlier releases stay, or of those of the last so many milliseconds. */
  readonly keep: { readonly releases: number } | { readonly ms: number; readonly written: string };
  /** What the CDN is told to let go of. */
  readonly invalidate: 'changed' | 'all' | 'none';
  /** How long to wait until it has, in milliseconds; 0: not at all. */
  readonly wait: number;
}

/** An HTTP request that must be answered well after a deploy. */
export interface CheckPart {
  readonly name: string;
  readonly url: Value;
  /** Appended to the URL. */
  readonly path: string;
  /** The HTTP status codes that pass. */
  readonly expect: readonly number[];
  /** Text that the body must contain. */
  readonly contains?: string;
  /** How long to keep trying, in milliseconds. */
  readonly timeout: number;
}

/** A machine: an EC2 instance, or anything that ssh reaches. No deploy makes it, so it is no node of the graph. */
export interface HostPart {
  readonly name: string;
  /** The EC2 instance by its id. */
  readonly instance?: Value;
  /** The EC2 instance by its tags: all of them must fit, and one instance must be left. */
  readonly tags?: Readonly<Record<string, string>>;
  /** A name or an address. Without it: the public address of the instance, else its private one. */
  readonly address?: Value;
  readonly reach: SshReach | SsmReach;
  readonly health: {
    readonly url?: Value;
    /** Appended to the URL. */
    readonly path: string;
    /** TCP ports that must be open. */
    readonly ports: readonly number[];
  };
  /** systemd units that must run. */
  readonly services: readonly string[];
}

/** Through the OpenSSH of this machine; what is absent is left to its configuration. */
export interface SshReach {
  readonly via: 'ssh';
  readonly user?: string;
  readonly port?: number;
  /** Absolute path of a private key. */
  readonly identity?: string;
  /** As `ssh -J` takes it. */
  readonly jump?: string;
  /** Through a tunnel of Session Manager: no open port. */
  readonly tunnel?: 'ssm';
  /** The one public key that is accepted, as in known_hosts. */
  readonly hostKey?: string;
}

/** Through Run Command of AWS Systems Manager. */
export interface SsmReach {
  readonly via: 'ssm';
  /** Who runs what is not run as root. Default: root, as Systems Manager does. */
  readonly user?: string;
  /** Where what is too large for a command crosses, sealed. Default: infractl's own bucket of the project. */
  readonly bucket?: string;
}

/** What of a subject is kept, as restic's `forget` counts it. An absent rule keeps nothing by itself. */
export interface BackupPolicy {
  readonly last?: number;
  readonly hourly?: number;
  readonly daily?: number;
  readonly weekly?: number;
  readonly monthly?: number;
  readonly yearly?: number;
  /** Everything that is so much younger than the newest, in milliseconds, and as it was written: `7d`. */
  readonly within?: { readonly ms: number; readonly written: string };
  /** The calendar of days, weeks and months. Default: UTC. */
  readonly timeZone?: string;
}

/** What is backed up: exactly one way to find it. Tags find any number. */
export type BackupTarget =
  | { readonly host: string }
  | { readonly instance: Value }
  | { readonly volume: Value }
  | { readonly database: Value }
  | {
      readonly tags: Readonly<Record<string, string>>;
      readonly of: 'instances' | 'volumes' | 'databases';
    };

/** Where a second copy goes: another region, or another account that may then copy it. */
export type BackupCopy = { readonly region: string; readonly key?: string } | { readonly account: string };

/** A plan of backups: what, how often at the most, how long. No deploy makes it, so it is no node of the graph. */
export interface BackupPart {
  readonly name: string;
  readonly targets: readonly BackupTarget[];
  readonly policy: BackupPolicy;
  /** Commands on the host just before and just after the snapshots are begun. */
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly excludeBoot: boolean;
  /** False leaves snapshots as their volumes are. */
  readonly encrypt: { readonly key?: string } | false;
  readonly copies: readonly BackupCopy[];
  /** Within so many milliseconds of the last good one there is no second, whatever calls for it. */
  readonly window: number;
  /** The newest good one may be so old, in milliseconds, before `auto` says that something is wrong. */
  readonly maxAge: number;
  /** Snapshots that one run may delete. */
  readonly maxDelete: number;
  /** A URL that is told of start, success and failure, as healthchecks.io has it. */
  readonly ping?: Value;
  /** The ARN of an SNS topic that is told how it ended. */
  readonly topic?: Value;
}

/** An application that is released to hosts from git or from a folder. */
export interface ReleasePart {
  readonly name: string;
  /** Names of hosts, in the order in which they get it; none where a group gets it. */
  readonly hosts: readonly string[];
  readonly group?: ReleaseGroup;
  readonly source: GitSource | FolderSource | TemplateSource;
  /** Absolute path on the host of everything that belongs to the application. */
  readonly path: string;
  /** Who builds and runs it on the host. Without it: the user who logs in, or, where that is root, that of its unit. */
  readonly user?: string;
  /** `python`, `npm`, or lines of shell, run in the new release in this order. */
  readonly build: readonly string[];
  /** Milliseconds for one step. */
  readonly buildTimeout: number;
  /** The systemd unit; with blue-green the name of a template unit, before its `@`. */
  readonly unit: string;
  /** Ports of 127.0.0.1 that it listens on: one, or two with blue-green. */
  readonly ports: readonly number[];
  readonly strategy: 'restart' | 'blue-green';
  /** A line of shell that starts it in the folder of a release: what `setup` writes into the unit. */
  readonly start?: string;
  /** Whether nginx serves it. Always with blue-green. */
  readonly site: boolean;
  /** The name of nginx's upstream, the file that is written for it, and what is asked through nginx. */
  readonly nginx: {
    readonly upstream: string;
    readonly file: string;
    readonly port: number;
    readonly host?: string;
  };
  readonly health: {
    /** Without it, the unit's own state is all that is looked at. */
    readonly path?: string;
    /** The path is Streamlit's script health check. */
    readonly streamlit: boolean;
    readonly expect: readonly number[];
    /** Milliseconds until it must be healthy for the first time. */
    readonly timeout: number;
    /** Milliseconds that it must stay healthy before it is declared good. */
    readonly settle: number;
  };
  /** Paths in a release that lead to files which outlive it. */
  readonly shared: readonly string[];
  readonly environment: Readonly<Record<string, Value>>;
  /** How many good releases stay on the host. */
  readonly keep: number;
  /** Milliseconds that connections of an instance get before it is stopped. */
  readonly drain: number;
}

/** An auto scaling group whose members get a release a few at a time. */
export interface ReleaseGroup {
  readonly name: Value;
  /** How many members at a time. */
  readonly batch: Share;
  /** After more failures than that no further member is begun. */
  readonly maxErrors: Share;
  /** Milliseconds that a member may take to leave the load balancer, and to be healthy in it. */
  readonly timeout: number;
  readonly reach: SshReach | SsmReach;
}

/** The newest version of the launch template of a group, whose image has all in it: members are replaced. */
export interface TemplateSource {
  readonly launchTemplate: 'latest';
}

export interface GitSource {
  readonly git: string;
  /** A branch, a tag or a commit. */
  readonly ref: string;
  /** A private key of ssh. */
  readonly key?: Value;
  /** A token for https. */
  readonly token?: Value;
}

export interface FolderSource {
  /** Absolute path on this machine. */
  readonly folder: string;
  readonly exclude: readonly string[];
}

/** A number of which the most likely and its bounds are known. */
export interface Range {
  readonly low: number;
  readonly typical: number;
  readonly high: number;
}

/** What prices rest on and no template says. A key that is absent has its default. */
export type UsageName = keyof typeof USAGE;
export type Usage = Readonly<Partial<Record<UsageName, Range>>>;

/** How much a stack is used a month, for what it costs. */
export interface UsagePart {
  /** The name of the stack. */
  readonly name: string;
  readonly usage: Usage;
  /** Of single resources, by their logical ids: `Api`, `Storage/Table`. */
  readonly resources: Readonly<Record<string, Usage>>;
}

export interface Project {
  /** There is no `infractl.yaml`: the command works on what its flags and words name. See bare.ts. */
  readonly bare?: true;
  /** Absolute path of `infractl.yaml`. */
  readonly file: string;
  /** Absolute path of the folder that holds it. */
  readonly root: string;
  readonly name: string;
  readonly environment: string;
  /** An environment that must be named on the command line before it is changed. */
  readonly protected: boolean;
  /** All environments, in the file's order. */
  readonly environments: readonly string[];
  readonly region?: string;
  readonly profile?: string;
  /** The 12-digit account that this environment must be in, when configured. */
  readonly account?: string;
  readonly stacks: ReadonlyMap<string, StackPart>;
  readonly images: ReadonlyMap<string, ImagePart>;
  readonly functions: ReadonlyMap<string, FunctionPart>;
  readonly sites: ReadonlyMap<string, SitePart>;
  readonly checks: ReadonlyMap<string, CheckPart>;
  readonly hosts: ReadonlyMap<string, HostPart>;
  readonly backups: ReadonlyMap<string, BackupPart>;
  readonly releases: ReadonlyMap<string, ReleasePart>;
  readonly costs: ReadonlyMap<string, UsagePart>;
}

export function isReference(value: unknown): value is Reference {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function partKey(id: ConfiguredId): string {
  return `${id.kind} ${id.name}`;
}
