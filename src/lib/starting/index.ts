export type { DraftHost, NewFile, Start } from './draft.ts';
export type { TemplateWords } from './from-samconfig.ts';
export { startFromSamconfig } from './from-samconfig.ts';
export { type RunningStack, startFromStacks, toldBy } from './from-stack.ts';
export { startFromWords, type WordsOrder } from './from-words.ts';
export { kebab } from './names.ts';
export { readSamFile, type SamFile } from './samconfig.ts';
export { planFiles, type WritePlan, writeFiles } from './write.ts';
