import type { Item, User } from './types.ts';

/** An image that a container runs, or may be started with. */
export interface Container {
  readonly who: string;
  /** `<host>/<repository>:<tag>`, `<host>/<repository>@sha256:…`. */
  readonly image: string;
  readonly digest?: string;
}

/**
 * A container as a user of images. Pure. A tag may be followed again at any time, by the next task that is
 * started, so all that carries it in a repository of that name is named, whichever registry was meant.
 */
export function containerAsUser({ who, image, digest = '' }: Container, items: readonly Item[]): User {
  const tagged = parse(image);
  const followed = items.filter(
    (item) => item.kind === 'image' && item.place === tagged?.repository && item.tags.includes(tagged.tag),
  );
  return { who, text: [image, digest, ...followed.map(({ id }) => id)].join(' ') };
}

/** Undefined for one by digest alone. Without a tag it is `latest`. */
function parse(image: string): { readonly repository: string; readonly tag: string } | undefined {
  const [address = '', digest] = image.split('@');
  const path = address.replace(/^[^/]*[.:][^/]*\//, '');
  const [repository = '', tag] = path.split(':');
  if (digest !== undefined && tag === undefined) return undefined;
  return { repository, tag: tag ?? 'latest' };
}
