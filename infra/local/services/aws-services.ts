import type { Service } from '../protocol/service.ts';
import type { World } from '../world/world.ts';
import { autoScalingService } from './auto-scaling/service.ts';
import { ec2Service } from './ec2/service.ts';
import { ecrService } from './ecr.ts';
import { eksService } from './eks/service.ts';
import { s3Service } from './s3.ts';
import { snsService } from './sns.ts';
import { ssmService } from './ssm.ts';
import { stsService } from './sts.ts';

/** The services that speak for the world. DynamoDB, SQS, EventBridge and Lambda keep state of their own and are started apart. */
export const worldServices = (world: World): readonly Service[] => [
  autoScalingService(world),
  ec2Service(world),
  ecrService(world),
  eksService(world),
  s3Service(world),
  snsService(world),
  ssmService(world),
  stsService(world),
];
