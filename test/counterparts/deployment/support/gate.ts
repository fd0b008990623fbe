import type { AwsAuthRole } from '../../../../infra/rbac.ts';
import type { Admission } from '../../support/token-review-server.ts';
import { serveTokenReviews } from '../../support/token-review-server.ts';
import type { Aws } from './aws.ts';
import { REGION } from './aws.ts';

/** The cluster's door for tokens of IAM principals. */
export interface Gate {
  /** For `--authentication-token-webhook-config-file`. */
  readonly url: string;
  readonly admissions: readonly Admission[];
  /** `mapRoles` of the ConfigMap aws-auth, from now on. Until then nobody gets in. */
  useRoles(roles: readonly AwsAuthRole[]): void;
  close(): Promise<void>;
}

const PREFIX = 'k8s-aws-v1.';

const presigned = (token: string): URL | undefined => {
  if (!token.startsWith(PREFIX)) return undefined;
  const text = Buffer.from(token.slice(PREFIX.length), 'base64url').toString('utf8');
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const isSts = url.protocol === 'https:' && url.host === `sts.${REGION}.amazonaws.com`;
  return isSts && url.searchParams.get('Action') === 'GetCallerIdentity' ? url : undefined;
};

/** `arn:aws:sts::1:assumed-role/ROLE/SESSION` */
const ROLE_SESSION = /assumed-role\/([^/<]+)\/([^/<]+)/;

/**
 * Tokens are checked as on EKS: the presigned request goes to STS with the name of this cluster, STS checks the
 * signature and says whose it is, and aws-auth says what that role is in Kubernetes. The STS is ministack's. One
 * that does not tell its functions apart (AUTH is off) gives each of them the groups of all.
 */
export const startGate = async (options: {
  readonly aws: Aws;
  readonly clusterName: string;
  readonly enforcing: boolean;
}): Promise<Gate> => {
  const admissions: Admission[] = [];
  let roles: readonly AwsAuthRole[] = [];

  const admit = async (token: string): Promise<Admission> => {
    const url = presigned(token);
    if (url === undefined) return { refused: 'not a presigned GetCallerIdentity' };
    const { status, body } = await options.aws.raw({
      service: 'sts',
      method: 'GET',
      path: `${url.pathname}${url.search}`,
      headers: { host: url.host, 'x-k8s-aws-id': options.clusterName },
      unsigned: true,
    });
    const text = body.toString('utf8');
    if (status !== 200) return { refused: `STS: ${/<Code>(\w+)/.exec(text)?.[1] ?? status}` };
    if (!options.enforcing) return { username: 'anybody', groups: roles.flatMap(({ groups }) => groups) };
    const [, role = '', session = ''] = ROLE_SESSION.exec(text) ?? [];
    const mapped = roles.find(({ rolearn }) => rolearn.endsWith(`:role/${role}`));
    if (mapped === undefined) return { refused: `aws-auth has no role ${role}` };
    return { username: mapped.username.replace('{{SessionName}}', session), groups: mapped.groups };
  };

  const { url, close } = await serveTokenReviews(async (token) => {
    const admission = await admit(token).catch((error: unknown) => ({
      refused: `STS cannot be asked: ${String(error)}`,
    }));
    admissions.push(admission);
    return admission;
  });
  return {
    url,
    admissions,
    useRoles: (given) => {
      roles = given;
    },
    close,
  };
};
