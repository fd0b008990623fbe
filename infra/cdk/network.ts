import { CfnOutput } from 'aws-cdk-lib';
import { CfnSecurityGroup } from 'aws-cdk-lib/aws-ec2';
import { Effect, PolicyDocument, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { CfnFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { NetworkConfig } from '../../shared/core/networks.ts';
import { outputs } from '../names.ts';

/**
 * What Lambda does with the function's role to put it into a VPC. IAM knows no resources for most of them. Source:
 * Lambda developer guide, "Giving Lambda functions access to resources in an Amazon VPC", execution role.
 */
const INTERFACE_ACTIONS = [
  'ec2:CreateNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:DeleteNetworkInterface',
  'ec2:AssignPrivateIpAddresses',
  'ec2:UnassignPrivateIpAddresses',
];

/** What the function's own code has no business with; it reads subnets where its manifest says so. */
const DENIED_TO_CODE = INTERFACE_ACTIONS.filter((action) => action !== 'ec2:DescribeSubnets');

/**
 * The rights that Lambda itself needs for a function in a VPC. They are the role's, so the function's code could
 * use them as well: the same guide's "Security best practices" deny them to it by `lambda:SourceFunctionArn`.
 */
export const interfacePolicy = (functionArn: string): PolicyDocument =>
  new PolicyDocument({
    minimize: false,
    statements: [
      new PolicyStatement({ actions: INTERFACE_ACTIONS, resources: ['*'] }),
      new PolicyStatement({
        effect: Effect.DENY,
        actions: DENIED_TO_CODE,
        resources: ['*'],
        conditions: { ArnEquals: { 'lambda:SourceFunctionArn': functionArn } },
      }),
    ],
  });

/** Subnets and security groups of a function set. */
export class FunctionNetwork extends Construct {
  private readonly placement: CfnFunction.VpcConfigProperty;

  constructor(scope: Construct, id: string, network: NetworkConfig) {
    super(scope, id);
    const securityGroupIds = network.securityGroupIds ?? [this.createSecurityGroup(network)];
    this.placement = { subnetIds: network.subnetIds, securityGroupIds };
    new CfnOutput(scope, outputs.securityGroups, {
      value: securityGroupIds.join(','),
      description: 'Of the functions: let them into the cluster security groups on port 443',
    });
  }

  /** Out to TLS alone, in from nowhere. */
  private createSecurityGroup({ vpcId }: NetworkConfig): string {
    const group = new CfnSecurityGroup(this, 'SecurityGroup', {
      groupDescription: 'eks-caretaker: functions, out to port 443',
      vpcId,
      securityGroupEgress: [
        {
          ipProtocol: 'tcp',
          fromPort: 443,
          toPort: 443,
          cidrIp: '0.0.0.0/0',
          description: "Kubernetes and AWS's APIs",
        },
      ],
    });
    return group.attrGroupId;
  }

  place(target: CfnFunction): void {
    target.vpcConfig = this.placement;
  }
}
