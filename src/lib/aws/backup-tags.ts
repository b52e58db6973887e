/** The tags that infractl puts on what it makes. Cleaning up believes nothing else. */
export const TAG = {
  project: 'infractl:project',
  environment: 'infractl:environment',
  plan: 'infractl:plan',
  subject: 'infractl:subject',
  backup: 'infractl:backup',
  taken: 'infractl:taken',
  volumes: 'infractl:volumes',
  devices: 'infractl:devices',
  policy: 'infractl:policy',
  /** The key that it is to be encrypted with, or `default`: an unencrypted one awaits its copy. */
  encrypt: 'infractl:encrypt',
  copiedFrom: 'infractl:copied-from',
  /** On a copy, whose own volume id means nothing: what the original was taken of. */
  source: 'infractl:source',
  /** Accounts that infractl itself has shared it with. */
  sharedWith: 'infractl:shared-with',
  verified: 'infractl:verified',
  verifiedHow: 'infractl:verified-how',
  hold: 'infractl:hold',
  /** On what a drill or a restore made: volumes, instances, images. */
  purpose: 'infractl:purpose',
} as const;
