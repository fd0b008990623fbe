import { awsQuery } from '../protocol/query.ts';
import type { Service } from '../protocol/service.ts';
import { ServiceError } from '../protocol/service.ts';
import { sessionArn } from '../world/principals.ts';
import type { World } from '../world/world.ts';

/** AWS STS (query, 2011-06-15). */
export const stsService = (world: World): Service =>
  awsQuery('sts', 'https://sts.amazonaws.com/doc/2011-06-15/', {
    GetCallerIdentity: (_input, { accessKeyId }) => {
      const principal = world.principals.get(accessKeyId);
      if (principal === undefined)
        throw new ServiceError(
          'InvalidClientTokenId',
          'The security token included in the request is invalid.',
          403,
        );
      return {
        UserId: `AROALOCAL${principal.accessKeyId.slice(-8)}:${principal.roleName}`,
        Account: world.accountId,
        Arn: sessionArn(world.ground, principal),
      };
    },
  });
