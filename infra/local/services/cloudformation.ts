import { optionalText } from '../protocol/input.ts';
import { awsQuery } from '../protocol/query.ts';
import type { Service } from '../protocol/service.ts';
import { ServiceError } from '../protocol/service.ts';

/** CloudFormation as far as the command line reads it: the outputs of the one stack. */
export const cloudFormationService = (stack: {
  name: string;
  region: string;
  accountId: string;
  /** Epoch ms. */
  deployedAt: number;
  outputs: Readonly<Record<string, string>>;
}): Service =>
  awsQuery('cloudformation', 'http://cloudformation.amazonaws.com/doc/2010-05-15/', {
    DescribeStacks: (input) => {
      const id = `arn:aws:cloudformation:${stack.region}:${stack.accountId}:stack/${stack.name}/embedded`;
      const asked = optionalText(input, 'StackName') ?? stack.name;
      if (asked !== stack.name && asked !== id)
        throw new ServiceError('ValidationError', `Stack with id ${asked} does not exist`, 400);
      return {
        Stacks: [
          {
            StackId: id,
            StackName: stack.name,
            CreationTime: new Date(stack.deployedAt),
            StackStatus: 'CREATE_COMPLETE',
            Outputs: Object.entries(stack.outputs).map(([OutputKey, OutputValue]) => ({
              OutputKey,
              OutputValue,
            })),
          },
        ],
      };
    },
  });
