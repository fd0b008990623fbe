import * as z from 'zod/mini';
import { problemsOf } from '../../shared/core/config-problems.ts';
import { formatProblem, MalformedEventError } from '../../shared/core/errors.ts';
import type { ImageIdentity } from '../../shared/core/image-scans.ts';

/** Detail types of a finished scan; older documents use the second, which carries neither counts nor tags. */
export const SCAN_EVENT_TYPES = ['ECR Image Scan', 'ECR Image Scan Status Notification'] as const;

/** Source: Amazon ECR user guide, "Amazon ECR events and EventBridge". AWS may add members, so unknown ones pass. */
const schema = z.object({
  source: z.literal('aws.ecr'),
  'detail-type': z.enum(SCAN_EVENT_TYPES),
  account: z.string().check(z.regex(/^\d{12}$/)),
  region: z.string().check(z.regex(/^[a-z]{2}(-[a-z]+)+-\d+$/)),
  detail: z.object({
    'scan-status': z.string().check(z.minLength(1)),
    'repository-name': z
      .string()
      .check(z.regex(/^(?:[a-z0-9]+(?:[._-]+[a-z0-9]+)*\/)*[a-z0-9]+(?:[._-]+[a-z0-9]+)*$/)),
    'image-digest': z.string().check(z.regex(/^sha256:[0-9a-f]{64}$/)),
    'image-tags': z._default(z.array(z.string()), []),
  }),
});

/** A scan that ended, well or not: what came of it is read from ECR, not from the event. */
export interface ScanEvent {
  readonly identity: ImageIdentity;
  readonly tags: readonly string[];
  /** `COMPLETE`, `FAILED`, ... */
  readonly status: string;
}

/** Throws MalformedEventError naming each member that is not as ECR publishes it. */
export const parseScanEvent = (event: unknown): ScanEvent => {
  const parsed = schema.safeParse(event);
  if (!parsed.success) {
    const problems = problemsOf(parsed.error.issues, event).map(formatProblem);
    throw new MalformedEventError(`no "ECR Image Scan" event: ${problems.join('; ')}`);
  }
  const { account, region, detail } = parsed.data;
  return {
    identity: {
      registry: account,
      region,
      repository: detail['repository-name'],
      digest: detail['image-digest'],
    },
    tags: detail['image-tags'],
    status: detail['scan-status'],
  };
};
