import { isInfractlError } from '../base/errors.ts';
import type { HttpAnswer, InstanceFacts } from './port.ts';
import type { KnownHost } from './select.ts';
import type { InstanceDeps } from './types.ts';

/** Milliseconds: under three seconds, whatever does not answer. */
const PATIENCE = 2_700;
/** Where AWS has to say first what is knocked at, it may take so much of that. */
const AWS_FIRST = 1_500;
const SSH = 22;
/** A certificate with fewer days left is worth a word. */
const SOON = 14;

export interface QuickItem {
  readonly what: 'instance' | 'port' | 'http' | 'certificate';
  readonly subject: string;
  readonly ok: boolean;
  /** It is not counted in the verdict: nobody said that it must be so. */
  readonly optional: boolean;
  readonly words: string;
}

export interface QuickVerdict {
  readonly name: string;
  readonly id: string | null;
  readonly ok: boolean;
  readonly items: readonly QuickItem[];
  readonly ms: number;
}

/** What is knocked at: an instance that is to be asked for, or only an address. */
export interface QuickSubject {
  readonly name: string;
  readonly host?: KnownHost;
  /** Asks AWS how the instance is; absent for a host that is an address alone. */
  readonly ask?: () => Promise<InstanceFacts | undefined>;
  /** The port of its sshd. */
  readonly sshPort?: number;
  /** It is worked on through Systems Manager: neither sshd nor an address need be reached from here. */
  readonly managed?: boolean;
}

/**
 * A verdict in less than three seconds: the instance, its port 22, HTTP or HTTPS with status and certificate.
 * All are asked side by side, each with a limit of its own; where the address is known before AWS has
 * answered, nothing waits for AWS.
 */
export async function quickLook(deps: InstanceDeps, subject: QuickSubject): Promise<QuickVerdict> {
  const began = performance.now();
  const early = subject.host?.serving.address ?? urlHost(subject.host?.serving.url);
  const asking = askAws(subject, early === undefined ? AWS_FIRST : PATIENCE);
  const facts = early === undefined ? await asking : undefined;
  const address = early ?? facts?.facts?.publicAddress ?? facts?.facts?.privateAddress;
  const left = Math.max(1, Math.round(began + PATIENCE - performance.now()));
  const [aws, ...found] = await Promise.all([
    asking,
    ...(address === undefined ? [] : knocks(deps, subject, address, left)),
  ]);
  const items = [...(aws ? [aws.item] : []), ...found.flat()];
  if (address === undefined && aws?.facts?.state === 'running')
    items.push({
      what: 'port',
      subject: 'address',
      ok: false,
      optional: subject.managed ?? false,
      words: 'it has no address to knock at',
    });
  return {
    name: subject.name,
    id: aws?.facts?.id ?? subject.host?.instance ?? null,
    ok: items.length > 0 && items.every(({ ok, optional }) => ok || optional),
    items,
    ms: performance.now() - began,
  };
}

interface Asked {
  readonly item: QuickItem;
  readonly facts: InstanceFacts | undefined;
}

async function askAws({ ask }: QuickSubject, patience: number): Promise<Asked | undefined> {
  if (!ask) return undefined;
  const item = (ok: boolean, words: string): QuickItem => ({
    what: 'instance',
    subject: 'instance',
    ok,
    optional: false,
    words,
  });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), patience);
  });
  try {
    const facts = await Promise.race([ask(), late]);
    if (facts === 'late') return { item: item(false, 'AWS did not answer in time'), facts: undefined };
    if (!facts) return { item: item(false, 'there is no such instance'), facts };
    return { item: item(facts.state === 'running', `${facts.state}, ${facts.type} in ${facts.zone}`), facts };
  } catch (error) {
    // Who is refused by AWS still learns what the host itself says.
    return { item: item(false, isInfractlError(error) ? error.message : String(error)), facts: undefined };
  } finally {
    clearTimeout(timer);
  }
}

function knocks(
  deps: InstanceDeps,
  { host, sshPort, managed }: QuickSubject,
  address: string,
  patience: number,
): Promise<QuickItem[]>[] {
  const wanted = new Set(host?.serving.ports ?? []);
  const ports = [...new Set([...(managed ? [] : [sshPort ?? SSH]), ...wanted])];
  const url = host?.serving.url;
  const urls =
    url === undefined ? [`https://${bracketed(address)}/`, `http://${bracketed(address)}/`] : [url];
  return [
    ...ports.map(async (port): Promise<QuickItem[]> => {
      const trouble = await deps.probe.tcp(address, port, patience);
      const optional = host !== undefined && wanted.size > 0 && !wanted.has(port);
      return [
        {
          what: 'port',
          subject: `port ${port}`,
          ok: trouble === undefined,
          optional,
          words: trouble ?? 'open',
        },
      ];
    }),
    ...urls.map(async (one) => httpItems(await deps.probe.http(one, patience), url === undefined)),
  ];
}

const bracketed = (address: string) => (address.includes(':') ? `[${address}]` : address);

function urlHost(url: string | undefined): string | undefined {
  return url !== undefined && URL.canParse(url) ? new URL(url).hostname : undefined;
}

/** An answer and its certificate as items. Pure. */
export function httpItems(answer: HttpAnswer, guessed: boolean): QuickItem[] {
  const { url, status, trouble, ms, certificate } = answer;
  const ok = status !== undefined && status < 400;
  const words = status === undefined ? (trouble ?? 'no answer') : `${status} in ${Math.round(ms)} ms`;
  const items: QuickItem[] = [{ what: 'http', subject: url, ok, optional: guessed, words }];
  if (certificate) {
    const { daysLeft, problem } = certificate;
    const left = daysLeft < 0 ? `expired ${-daysLeft} days ago` : `${daysLeft} days left`;
    const soon = daysLeft >= 0 && daysLeft < SOON ? ': renew it' : '';
    items.push({
      what: 'certificate',
      subject: 'certificate',
      ok: daysLeft >= 0 && problem === undefined,
      optional: guessed,
      words: [`${left}${soon}`, problem].filter(Boolean).join(', '),
    });
  }
  return items;
}
