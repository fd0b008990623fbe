import { EC2Client } from '@aws-sdk/client-ec2';
import { clientSettings } from '../../shared/aws/clients.ts';
import type { InstanceReader } from '../../shared/aws/ec2.ts';
import { createInstanceReader } from '../../shared/aws/ec2.ts';

let reader: InstanceReader | undefined;

/** One client an execution environment. */
export const createEc2Instances = (): InstanceReader => {
  reader ??= createInstanceReader(new EC2Client(clientSettings()));
  return reader;
};
