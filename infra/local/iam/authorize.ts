import type { IamStatement } from '../../../shared/core/automation.ts';
import type { Service } from '../protocol/service.ts';
import { ServiceError } from '../protocol/service.ts';
import type { Access, Place } from './resources.ts';
import { accessOf } from './resources.ts';

/** What a caller may do: everything, or what its statements allow. */
export interface Caller {
  readonly arn: string;
  readonly statements: readonly IamStatement[] | 'everything';
}

/** Needs no right. Source: STS API reference, GetCallerIdentity. */
const FREE: ReadonlySet<string> = new Set(['sts:GetCallerIdentity']);

/** `*` stands for any characters; case matters in resources, not in actions. */
const covers = (pattern: string, value: string, flags = ''): boolean =>
  new RegExp(
    `^${pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
    flags,
  ).test(value);

/** Every resource of the call is covered by a statement with its action. Conditions of statements are not looked at. */
export const isAllowed = (statements: readonly IamStatement[], access: Access): boolean =>
  access.resources.every((resource) =>
    statements.some(
      ({ actions, resources }) =>
        actions.some((action) => covers(action, access.action, 'i')) &&
        resources.some((pattern) => covers(pattern, resource)),
    ),
  );

/** Code and status that each service has for a caller without the right. */
const refusal = (service: string): [string, number] => {
  if (service === 'ec2') return ['UnauthorizedOperation', 403];
  if (['autoscaling', 'cloudformation', 's3'].includes(service)) return ['AccessDenied', 403];
  if (service === 'sns') return ['AuthorizationError', 403];
  if (service === 'eks' || service === 'lambda') return ['AccessDeniedException', 403];
  return ['AccessDeniedException', 400];
};

/** S3 tells who may not list a bucket nothing about what is not in it. Source: S3 API reference, GetObject. */
const hideMissing = (error: unknown, statements: readonly IamStatement[], access: Access): unknown => {
  const missing = error instanceof ServiceError && ['NoSuchKey', 'NotFound'].includes(error.code);
  if (!missing || access.action !== 's3:GetObject') return error;
  const buckets = access.resources.map((resource) => resource.split('/')[0] ?? '');
  if (isAllowed(statements, { action: 's3:ListBucket', resources: buckets })) return error;
  return new ServiceError('AccessDenied', 'Access Denied', 403, error.members);
};

/** The service, behind the policies of whoever calls it. */
export const authorized = (
  service: Service,
  options: { place: Place; callerOf(accessKeyId: string): Caller | undefined },
): Service => ({
  ...service,
  decode: (request) => {
    const call = service.decode(request);
    const access = accessOf(service.name, call.operation, call.input, options.place);
    return {
      ...call,
      perform: async () => {
        const caller = options.callerOf(request.accessKeyId);
        const statements = caller?.statements ?? [];
        if (statements !== 'everything' && !FREE.has(access.action) && !isAllowed(statements, access)) {
          const [code, status] = refusal(service.name);
          throw new ServiceError(
            code,
            `User: ${caller?.arn ?? request.accessKeyId} is not authorized to perform: ${access.action} on resource: ${access.resources.join(', ')} because no identity-based policy allows the ${access.action} action`,
            status,
          );
        }
        try {
          return await call.perform();
        } catch (error) {
          throw statements === 'everything' ? error : hideMissing(error, statements, access);
        }
      },
    };
  },
});
