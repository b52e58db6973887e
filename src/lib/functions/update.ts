import { isTransient, underneath } from '../aws/errors.ts';
import { throwIfAborted } from '../base/clock.ts';
import { isSettled, needsOf, pollDelay, runs, type Situation } from './compare.ts';
import {
  aliasNotFound,
  changedMeanwhile,
  failedUpdate,
  interruptedUpdate,
  neverReady,
  notFound,
  refused,
  refuseOtherPackage,
} from './troubles.ts';
import type {
  FunctionDeps,
  FunctionFacts,
  FunctionPlan,
  FunctionResult,
  FunctionSpec,
  Upload,
} from './types.ts';

/**
 * What a request may well carry; a larger zip goes through the artifact store, where it is kept anyway: it
 * is uploaded once. AWS's own limit of a request is 70 MB, in base64.
 */
const LARGEST_IN_REQUEST = 4 * 1024 * 1024;

/** Where the work on one function stands. */
interface Work {
  readonly deps: FunctionDeps;
  readonly spec: FunctionSpec;
  readonly began: number;
  /** What AWS was told to do so far. */
  readonly sent: { code: boolean; alias: boolean };
}

/**
 * What `updateFunction` would do. Reads only: GetFunction, GetFunctionConfiguration and GetAlias side by side.
 *
 * @throws InfractlError `FunctionNotFound`; UsageError `PackageTypeMismatch`
 */
export async function planFunction(deps: FunctionDeps, spec: FunctionSpec): Promise<FunctionPlan> {
  const now = await read(deps, spec);
  const { publish, alias, reasons } = needsOf(now, spec.code, spec.alias);
  return {
    change: publish || alias ? 'update' : 'unchanged',
    reasons,
    ...(now.alias ? { version: now.alias.version } : {}),
  };
}

/**
 * Gives a function its code, publishes a version of it, and moves the alias there once it is active. What
 * the stack has changed of the function's settings goes live with it. Nothing is done when nothing
 * differs; versions are never deleted. Interrupted or failed, it leaves the alias on the version before, and
 * running it again goes on.
 *
 * @throws InfractlError `FunctionNotFound`, AWS's reason code (`ImageAccessDenied`, …), `FunctionNotReady` (exit 7),
 *   `FunctionChanged` (exit 6); UsageError `PackageTypeMismatch`
 */
export async function updateFunction(deps: FunctionDeps, spec: FunctionSpec): Promise<FunctionResult> {
  const work: Work = { deps, spec, began: deps.clock.now(), sent: { code: false, alias: false } };
  try {
    return await update(work);
  } catch (error) {
    if (deps.signal?.aborted) throw interruptedUpdate(spec, work.sent);
    throw error;
  }
}

async function update(work: Work): Promise<FunctionResult> {
  const { deps, spec } = work;
  let now = await read(deps, spec);
  if (!isSettled(now.latest)) {
    status(work, 'waiting for an update that is under way');
    await settled(work, undefined, false);
    now = await read(deps, spec);
  }
  const needs = needsOf(now, spec.code, spec.alias);
  const latest = needs.code ? await giveCode(work, now.latest) : now.latest;
  const before = now.alias?.version;
  const version = needs.publish ? await publish(work, latest) : (before ?? latest.version);
  if (needs.alias) await moveAlias(work, version);
  return {
    outcome: needs.publish || needs.alias ? 'updated' : 'unchanged',
    version,
    ...(before !== undefined && before !== '$LATEST' && before !== version
      ? { previousVersion: before }
      : {}),
    codeSha256: latest.codeSha256,
    ...('imageUri' in spec.code ? { imageUri: spec.code.imageUri } : {}),
  };
}

/**
 * Puts the alias back on a version: GetAlias, UpdateAlias.
 *
 * @throws InfractlError `AliasNotFound`, `FunctionNotFound` when the version does not exist any more
 */
export async function revertAlias(
  deps: Pick<FunctionDeps, 'port'>,
  to: { readonly functionName: string; readonly alias: string; readonly version: string },
): Promise<{ outcome: 'reverted' | 'unchanged'; version: string; previousVersion: string }> {
  const { functionName, alias, version } = to;
  const now = await deps.port.alias(functionName, alias);
  if (!now) throw aliasNotFound(functionName, alias);
  const there = now.version === version && Object.keys(now.weights).length === 0;
  // No revision guard: whoever goes back wants to be there, whatever happened since.
  if (!there) await deps.port.updateAlias(functionName, alias, version, undefined);
  return { outcome: there ? 'unchanged' : 'reverted', version, previousVersion: now.version };
}

async function read({ port, signal }: FunctionDeps, spec: FunctionSpec): Promise<Situation> {
  throwIfAborted(signal);
  // The alias itself is read for its weights: a split alias answers for one of its versions only.
  const [latest, live, alias] = await Promise.all([
    port.latest(spec.functionName),
    port.configuration(spec.functionName, spec.alias),
    port.alias(spec.functionName, spec.alias),
  ]);
  throwIfAborted(signal);
  if (!latest) throw notFound(spec.functionName);
  refuseOtherPackage(spec, latest);
  return { latest, live, alias };
}

function status({ deps, spec }: Work, words: string): void {
  deps.reporter.emit({ type: 'part.status', part: spec.part, status: words });
}

/** UpdateFunctionCode, and the wait until the function runs it. */
async function giveCode(work: Work, latest: FunctionFacts): Promise<FunctionFacts> {
  const { deps, spec } = work;
  status(work, 'uploading the code');
  const upload = await uploadOf(deps, spec);
  let revision = latest.revisionId;
  await politely(work, async (again) => {
    if (again) revision = (await settled(work, undefined, false)).revisionId;
    work.sent.code = true;
    await deps.port.updateCode(spec.functionName, upload, revision);
  });
  status(work, 'waiting for the function to take its code');
  const facts = await settled(work);
  if ('zip' in spec.code && !runs(facts, spec.code)) throw changedMeanwhile(spec);
  return facts;
}

async function uploadOf(deps: FunctionDeps, { code }: FunctionSpec): Promise<Upload> {
  if ('imageUri' in code) return { imageUri: code.imageUri };
  if (code.zip.bytes.byteLength <= LARGEST_IN_REQUEST) return { bytes: code.zip.bytes };
  const store = await deps.artifacts();
  const key = `functions/${code.zip.sha256}.zip`;
  await store.put(key, code.zip.bytes, { contentType: 'application/zip', ifAbsent: true });
  return { bucket: store.bucket, key };
}

/** PublishVersion, and the wait until the version is active. AWS answers with the last one when nothing changed. */
async function publish(work: Work, latest: FunctionFacts): Promise<string> {
  const { deps, spec } = work;
  status(work, 'publishing a version');
  const content = 'zip' in spec.code ? spec.code.zip.sha256 : (spec.code.imageUri.split('@sha256:')[1] ?? '');
  const description = [spec.description, `content ${content.slice(0, 12)}`]
    .filter(Boolean)
    .join(', ')
    .slice(0, 256);
  let version = '';
  await politely(work, async (again) => {
    if (again) await settled(work);
    try {
      version = await deps.port.publish(spec.functionName, latest.codeSha256, description);
    } catch (error) {
      if (/different from current CodeSHA256/i.test(underneath(error).message)) throw changedMeanwhile(spec);
      throw error;
    }
  });
  status(work, `waiting for version ${version} to be active`);
  await settled(work, version);
  return version;
}

async function moveAlias(work: Work, version: string): Promise<void> {
  const { deps, spec } = work;
  const { functionName, alias: name } = spec;
  status(work, `moving the alias ${name} to version ${version}`);
  await politely(work, async () => {
    const alias = await deps.port.alias(functionName, name);
    work.sent.alias = true;
    if (!alias) return deps.port.createAlias(functionName, name, version);
    await deps.port.updateAlias(functionName, name, version, alias.revisionId);
    const others = Object.entries(alias.weights).map(
      ([v, share]) => `${Math.round(share * 100)} % to version ${v}`,
    );
    if (others.length === 0) return;
    deps.reporter.emit({
      type: 'note',
      message: `The alias ${name} of ${functionName} sent ${others.join(', ')}; now all its traffic goes to version ${version}.`,
    });
  });
}

/**
 * Does something that AWS refuses while the function is being updated, or when it has changed since it was
 * read, until it is accepted or the time is over.
 */
async function politely(work: Work, act: (again: boolean) => Promise<void>): Promise<void> {
  const { deps, spec, began } = work;
  const first = deps.clock.now();
  for (let again = false; ; again = true) {
    throwIfAborted(deps.signal);
    try {
      return await act(again);
    } catch (error) {
      throwIfAborted(deps.signal);
      const { name } = underneath(error);
      const worthIt = name === 'ResourceConflictException' || name === 'PreconditionFailedException';
      const late = deps.clock.now() - began >= spec.timeout;
      if (!worthIt || late) throw refused(spec, error);
      await deps.clock.sleep(pollDelay(deps.clock.now() - first), deps.signal);
    }
  }
}

/**
 * Waits until neither a creation nor an update is going on. An answer that does not come (throttling, a cut
 * connection) is asked for again: the function goes on without us.
 *
 * @param strict whether a failed state is an error
 */
async function settled(work: Work, version?: string, strict = true): Promise<FunctionFacts> {
  const { deps, spec, began } = work;
  const { clock, port, signal } = deps;
  const start = clock.now();
  let last: FunctionFacts | undefined;
  for (;;) {
    throwIfAborted(signal);
    try {
      last = await port.configuration(spec.functionName, version);
      if (!last) throw notFound(spec.functionName);
      if (isSettled(last)) break;
    } catch (error) {
      throwIfAborted(signal);
      if (!isTransient(error)) throw error;
    }
    const now = clock.now();
    if (now - began >= spec.timeout) throw neverReady(spec, last, now - began);
    await clock.sleep(pollDelay(now - start), signal);
  }
  if (strict && (last.updateStatus === 'Failed' || last.state === 'Failed')) throw failedUpdate(spec, last);
  return last;
}
