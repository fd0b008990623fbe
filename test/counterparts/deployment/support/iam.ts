import type { Aws } from './aws.ts';
import { ACCOUNT, REGION } from './aws.ts';

const VERSION = '2010-05-08';

const call = async ({ raw }: Aws, parameters: Readonly<Record<string, string>>): Promise<string> => {
  const { status, body } = await raw({
    service: 'iam',
    method: 'POST',
    path: '/',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ ...parameters, Version: VERSION }).toString(),
  });
  const text = body.toString('utf8');
  if (status !== 200) throw new Error(`IAM ${parameters.Action}: ${status} ${text}`);
  return text;
};

/** Adds a policy to a role, or replaces the one of that name. */
export const putRolePolicy = async (
  aws: Aws,
  role: { roleName: string; policyName: string },
  statements: readonly object[],
): Promise<void> => {
  await call(aws, {
    Action: 'PutRolePolicy',
    RoleName: role.roleName,
    PolicyName: role.policyName,
    PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: statements }),
  });
};

/** The statements of a role's inline policy. */
export const readRolePolicy = async (
  aws: Aws,
  role: { roleName: string; policyName: string },
): Promise<readonly { readonly Action: string | readonly string[] }[]> => {
  const text = await call(aws, {
    Action: 'GetRolePolicy',
    RoleName: role.roleName,
    PolicyName: role.policyName,
  });
  const document = /<PolicyDocument>(.*)<\/PolicyDocument>/s.exec(text)?.[1] ?? '';
  const { Statement } = JSON.parse(
    decodeURIComponent(document.replaceAll('&quot;', '"').replaceAll('&amp;', '&')),
  ) as { Statement: readonly { readonly Action: string | readonly string[] }[] };
  return Statement;
};

/** What the policies of a role say about an action on the default bus, told nothing else about the request. */
export const decisionOn = async (aws: Aws, roleArn: string, action: string): Promise<string> => {
  const text = await call(aws, {
    Action: 'SimulatePrincipalPolicy',
    PolicySourceArn: roleArn,
    'ActionNames.member.1': action,
    'ResourceArns.member.1': `arn:aws:events:${REGION}:${ACCOUNT}:event-bus/default`,
  });
  return /<EvalDecision>(\w+)<\/EvalDecision>/.exec(text)?.[1] ?? 'none';
};

/** Names of the account's roles. */
export const roleNames = async (aws: Aws): Promise<readonly string[]> => {
  const text = await call(aws, { Action: 'ListRoles', MaxItems: '1000' });
  return [...text.matchAll(/<RoleName>([^<]+)<\/RoleName>/g)].map(([, name = '']) => name);
};
