import { describe, expect, it } from '@jest/globals';
import { Match } from 'aws-cdk-lib/assertions';
import { entriesOf } from '../../infra/entries.ts';
import { parseConfig } from '../../infra/load-config.ts';
import { networkGroups } from '../../infra/networks.ts';
import type { NetworkConfig } from '../../shared/core/networks.ts';
import { synthesise } from './synthesis.ts';

const CONFIG = `
version: 1
mode: act
clusters:
  - { name: production, network: internal }
networks:
  - { name: internal, vpcId: vpc-0123456789abcdef0, subnetIds: [subnet-0aaaaaaaaaaaaaaaa, subnet-0bbbbbbbbbbbbbbbb] }
`;

const stackOf = (change: Partial<NetworkConfig> = {}) => {
  const [group] = networkGroups(parseConfig(CONFIG, 'caretaker.yaml'));
  if (group?.network === undefined) throw new Error('the group has a network');
  return synthesise((scope) => entriesOf(group.config, scope), ['production'], {
    ...group.network,
    ...change,
  });
};

interface Functions {
  readonly [id: string]: { readonly Properties: { readonly VpcConfig?: Record<string, unknown> } };
}

describe('a function set in a VPC', () => {
  const made = stackOf();
  const functions = Object.values(made.template.findResources('AWS::Lambda::Function') as Functions);

  it('has every function in the subnets, with the security group of the stack', () => {
    const [group] = made.logicalIds('AWS::EC2::SecurityGroup');
    expect(functions.length).toBe(made.placed.length);
    for (const { Properties } of functions)
      expect(Properties.VpcConfig).toEqual({
        SubnetIds: ['subnet-0aaaaaaaaaaaaaaaa', 'subnet-0bbbbbbbbbbbbbbbb'],
        SecurityGroupIds: [{ 'Fn::GetAtt': [group, 'GroupId'] }],
      });
  });

  it('lets them out to port 443 and nothing in', () => {
    made.template.hasResourceProperties('AWS::EC2::SecurityGroup', {
      VpcId: 'vpc-0123456789abcdef0',
      SecurityGroupEgress: [
        Match.objectLike({ IpProtocol: 'tcp', FromPort: 443, ToPort: 443, CidrIp: '0.0.0.0/0' }),
      ],
      SecurityGroupIngress: Match.absent(),
    });
    expect(Object.keys(made.template.findOutputs('FunctionSecurityGroupIds'))).toHaveLength(1);
  });

  it("gives Lambda the rights for network interfaces and denies them to each function's code", () => {
    made.template.hasResourceProperties('AWS::IAM::Role', {
      Policies: Match.arrayWith([
        {
          PolicyName: 'network',
          PolicyDocument: Match.objectLike({
            Statement: [
              Match.objectLike({ Effect: 'Allow', Action: Match.arrayWith(['ec2:CreateNetworkInterface']) }),
              Match.objectLike({
                Effect: 'Deny',
                Action: Match.arrayWith(['ec2:CreateNetworkInterface', 'ec2:DeleteNetworkInterface']),
                Condition: { ArnEquals: { 'lambda:SourceFunctionArn': Match.anyValue() } },
              }),
            ],
          }),
        },
      ]),
    });
  });

  it('leaves cdk-nag nothing to say', () => {
    expect(made.findings()).toEqual([]);
  });

  it('takes the security groups that the configuration names and makes none', () => {
    const own = stackOf({ securityGroupIds: ['sg-0123456789abcdef0'] });
    own.template.resourceCountIs('AWS::EC2::SecurityGroup', 0);
    own.template.allResourcesProperties('AWS::Lambda::Function', {
      VpcConfig: Match.objectLike({ SecurityGroupIds: ['sg-0123456789abcdef0'] }),
    });
  });
});
