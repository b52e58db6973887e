/** Container images, known by digest: built from a folder, pushed to ECR when the content is new. */
export { checkEngine, dockerCommand, type Engine } from './engine.ts';
export { keepImage } from './keep.ts';
export { contentOf, planImage, publishImage } from './publish.ts';
export { emptyRepository, newestImage } from './repository.ts';
export { imageSpec, parseRepository, type Variables } from './spec.ts';
export type {
  EcrPort,
  EngineDeps,
  ImageDeps,
  ImagePlan,
  ImageSpec,
  NewestImage,
  PublishedImage,
  Repository,
} from './types.ts';
