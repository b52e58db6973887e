export type ItemKind = 'image' | 'object' | 'entry';

/** One thing that may go: an image of a repository, an object of the project's bucket, an entry of the journal. */
export interface Item {
  readonly kind: ItemKind;
  /** `sha256:…` of an image; the key of an object or an entry. */
  readonly id: string;
  /** The repository or the bucket that it is in. */
  readonly place: string;
  /** Bytes, as AWS keeps them. */
  readonly size: number;
  /** When it was pushed or written, in milliseconds since 1970. */
  readonly at: number;
  /** When an image was last pulled, in milliseconds since 1970. ECR tells it to the day. */
  readonly pulledAt?: number;
  /** The tags of an image. */
  readonly tags: readonly string[];
  /** The images that an index is made of. */
  readonly children: readonly string[];
}

/** Something that names things which must stay: a stack's template, a version of a function, a run. */
export interface User {
  /** In words, as in "kept because … names it": `version 7 of my-auth-dev`. */
  readonly who: string;
  /** All text of it. What looks like a digest, or like a key of the bucket, is taken for one. */
  readonly text: string;
}

/** When something may go. */
export interface Policy {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Nothing younger goes, in milliseconds: it may belong to a deploy that is under way. */
  readonly grace: number;
}

export interface Verdict extends Item {
  readonly remove: boolean;
  readonly because: string;
}
