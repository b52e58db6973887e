import * as Flags from '@oclif/core/flags';

/** What a deploy leaves out. */
export const SKIP_FLAGS = {
  'skip-build': Flags.boolean({
    description: 'Build nothing: use the newest pushed image, and folders of sites as they are.',
  }),
  'skip-releases': Flags.boolean({ description: 'Release nothing to hosts.' }),
};

export function skipChoice(flags: { readonly 'skip-build': boolean; readonly 'skip-releases': boolean }) {
  return { skipBuild: flags['skip-build'], skipReleases: flags['skip-releases'] };
}
