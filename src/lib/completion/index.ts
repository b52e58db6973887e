export type { Catalog } from './catalog.ts';
export { type Candidate, startingWith, type Wanted, wantedAt } from './complete.ts';
export { type FarKind, isFar, type LocalKind } from './kinds.ts';
export { awsProfiles, projectNames } from './names.ts';
export { FRESH, type NamesOf, type Remembered, recallNames, rememberNames } from './remembered.ts';
export { completionScript, keptByBash, lineWords, PLACES, SHELLS, type Shell } from './shells.ts';
