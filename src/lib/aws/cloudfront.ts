import {
  CloudFrontClient,
  CreateInvalidationCommand,
  GetDistributionCommand,
  GetInvalidationCommand,
} from '@aws-sdk/client-cloudfront';
import type { CdnPort } from '../sites/index.ts';
import { call } from './call.ts';
import { underneath } from './errors.ts';
import { paced, pacingOf } from './pacing.ts';
import type { AwsSession } from './session.ts';
import { traced } from './trace.ts';

/** CloudFront for `lib/sites`. It is one service for all regions. */
export function cdnPort(session: AwsSession, signal?: AbortSignal): CdnPort {
  const client = traced(
    paced(new CloudFrontClient(session.config), pacingOf(session, 'cloudfront')),
    session,
  );
  const options = signal ? { abortSignal: signal } : {};

  return {
    async distribution(id) {
      try {
        const { Distribution: found } = await call(session, 'cloudfront:GetDistribution', () =>
          client.send(new GetDistributionCommand({ Id: id }), options),
        );
        const { Aliases, Origins } = found?.DistributionConfig ?? {};
        const alias = Aliases?.Items?.find((name) => !name.startsWith('*'));
        return {
          id,
          url: urlOf(session, found?.DomainName ?? '', alias),
          origins: (Origins?.Items ?? []).map(({ DomainName = '', OriginPath = '' }) => ({
            domain: DomainName,
            path: OriginPath,
          })),
        };
      } catch (error) {
        const { name } = underneath(error);
        if (name === 'NoSuchDistribution') return undefined;
        // Invalidating alone is enough to publish.
        if (name === 'AccessDenied') return 'denied';
        throw error;
      }
    },

    async invalidate(DistributionId, paths, CallerReference) {
      const Paths = { Quantity: paths.length, Items: [...paths] };
      const { Invalidation } = await call(session, 'cloudfront:CreateInvalidation', () =>
        client.send(
          new CreateInvalidationCommand({ DistributionId, InvalidationBatch: { Paths, CallerReference } }),
          options,
        ),
      );
      return { id: Invalidation?.Id ?? '', status: Invalidation?.Status ?? '' };
    },

    async invalidation(DistributionId, Id) {
      const { Invalidation } = await call(session, 'cloudfront:GetInvalidation', () =>
        client.send(new GetInvalidationCommand({ DistributionId, Id }), options),
      );
      return { id: Id, status: Invalidation?.Status ?? '' };
    },
  };
}

/** The sandbox has no names of its own, so it shows a distribution below a path. */
function urlOf(session: AwsSession, domain: string, alias: string | undefined): string {
  if (session.sandbox) return `${session.endpoint}/_aws/cloudfront/${domain.split('.')[0]}/`;
  return `https://${alias ?? domain}`;
}
