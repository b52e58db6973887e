import type { Ec2Handlers } from './ec2-wire.ts';
import { FakeError } from './wire.ts';

/** Launch templates, by their ids. */
export const templateHandlers: Ec2Handlers = {
  DescribeLaunchTemplates(p, { state }) {
    const ids = [p.LaunchTemplateId]
      .flat()
      .filter((id) => id !== undefined)
      .map(String);
    return {
      launchTemplates: ids.map((launchTemplateId) => {
        const latestVersionNumber = state.ec2.launchTemplates.get(launchTemplateId);
        if (latestVersionNumber === undefined)
          throw new FakeError(
            'InvalidLaunchTemplateId.NotFound',
            `The launch template ID '${launchTemplateId}' does not exist`,
          );
        return { launchTemplateId, latestVersionNumber };
      }),
    };
  },
};
