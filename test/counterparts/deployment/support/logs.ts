import type { Aws } from './aws.ts';

/** What a function logged, from its log group. */
export const logsOf = async ({ raw }: Aws, functionName: string): Promise<readonly string[]> => {
  const { status, body } = await raw({
    service: 'logs',
    method: 'POST',
    path: '/',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'Logs_20140328.FilterLogEvents',
    },
    body: JSON.stringify({ logGroupName: `/aws/lambda/${functionName}` }),
  });
  if (status !== 200) throw new Error(`the log of ${functionName}: ${status} ${body.toString('utf8')}`);
  const { events = [] } = JSON.parse(body.toString('utf8')) as { events?: readonly { message: string }[] };
  return events.map(({ message }) => message);
};

/** Versions and aliases that a function was invoked by, from the ARN in each line that it logged; sorted. */
export const versionsIn = (lines: readonly string[], functionName: string): readonly string[] => {
  const found = lines
    .filter((line) => line.startsWith('{'))
    .flatMap((line) => {
      const { function_arn: arn } = JSON.parse(line) as { function_arn?: string };
      const [, , , , , , name, version = '$LATEST'] = arn?.split(':') ?? [];
      return name === functionName ? [version] : [];
    });
  return [...new Set(found)].sort();
};
