/** So many, or such a share of them. */
export type Share = { readonly count: number } | { readonly percent: number };

/** `2` or `25%`, as configuration and flags have it; both are checked before. */
export function parseShare(text: string | number): Share {
  const [, percent] = /^(\d+)%$/.exec(String(text)) ?? [];
  return percent === undefined ? { count: Number(text) } : { percent: Number(percent) };
}

export function writtenShare(share: Share): number | string {
  return 'count' in share ? share.count : `${share.percent}%`;
}

/** How many of so many: of a share the whole ones. */
export function partOf(share: Share, all: number): number {
  return 'count' in share ? share.count : Math.floor((all * share.percent) / 100);
}
