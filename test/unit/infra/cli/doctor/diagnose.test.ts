import { describe, expect, it } from '@jest/globals';
import { diagnose } from '../../../../../infra/cli/doctor/diagnose.ts';
import type { ClusterCase, ClusterFacts, EntryAccess } from '../../../../../infra/cli/doctor/facts.ts';

const facts = (overrides: Partial<ClusterFacts> = {}): ClusterFacts => ({
  status: 'ACTIVE',
  authenticationMode: 'API_AND_CONFIG_MAP',
  publicAccess: true,
  privateAccess: true,
  publicAccessCidrs: ['0.0.0.0/0'],
  vpcId: 'vpc-0123456789abcdef0',
  securityGroupId: 'sg-0cccccccccccccccc',
  ...overrides,
});

const access = (overrides: Partial<EntryAccess> = {}): EntryAccess => ({
  entryId: 'pod-cleanup',
  group: 'eks-caretaker:pod-cleanup',
  roleArn: 'arn:aws:iam::111122223333:role/cleanup',
  groups: ['eks-caretaker:pod-cleanup'],
  ...overrides,
});

const network = {
  name: 'internal',
  vpcId: 'vpc-0123456789abcdef0',
  subnetIds: ['subnet-0aaaaaaaaaaaaaaaa'],
};

const findings = (overrides: Partial<ClusterCase> = {}) =>
  diagnose({
    cluster: 'staging',
    network: undefined,
    facts: facts(),
    access: [access()],
    functionSecurityGroups: [],
    ...overrides,
  }).map(({ level, text }) => `${level}: ${text}`);

describe('a cluster', () => {
  it('with a public endpoint for everybody and the right access entries is fine', () => {
    expect(findings()).toEqual([]);
  });

  it('that is being updated is fine', () => {
    expect(findings({ facts: facts({ status: 'UPDATING' }) })).toEqual([]);
  });

  it('that lets every address in beside some is fine', () => {
    expect(findings({ facts: facts({ publicAccessCidrs: ['192.0.2.0/24', '0.0.0.0/0'] }) })).toEqual([]);
  });

  it.each([
    { what: 'that is not there', change: { facts: undefined }, says: /^problem: there is no such cluster/ },
    {
      what: 'that is being made',
      change: { facts: facts({ status: 'CREATING' }) },
      says: /^problem: its status is CREATING/,
    },
    {
      what: 'without a public endpoint',
      change: { facts: facts({ publicAccess: false, publicAccessCidrs: [] }) },
      says: /^problem: its API server has no public endpoint: give it a network/,
    },
    {
      what: 'whose public endpoint lets some addresses in',
      change: { facts: facts({ publicAccessCidrs: ['192.0.2.0/24', '198.51.100.7/32'] }) },
      says: /^problem: its public endpoint lets in 192\.0\.2\.0\/24, 198\.51\.100\.7\/32 alone.*give it a network/,
    },
    {
      what: 'that knows no access entries',
      change: { facts: facts({ authenticationMode: 'CONFIG_MAP' }), access: undefined },
      says: /^check: its authentication mode is CONFIG_MAP.*caretaker rbac --aws-auth/,
    },
    {
      what: 'whose stack is from before an automation was switched on',
      change: {
        access: [access(), access({ entryId: 'spot-drain', roleArn: undefined, groups: undefined })],
      },
      says: /^problem: the stack does not have spot-drain, which the configuration asks for: deploy it again$/,
    },
    {
      what: 'whose access entry was deleted',
      change: { access: [access({ groups: undefined })] },
      says: /^problem: pod-cleanup has no access entry \(arn:aws:iam::111122223333:role\/cleanup\)/,
    },
    {
      what: 'whose access entry lacks the group',
      change: { access: [access({ groups: ['viewers'] })] },
      says: /^problem: the access entry of pod-cleanup lacks the group eks-caretaker:pod-cleanup, it has viewers$/,
    },
    {
      what: 'before the stack is deployed',
      change: { access: undefined },
      says: /^check: the stack is not deployed/,
    },
  ])('$what is named with what to do', ({ change, says }) => {
    expect(findings(change)).toEqual([expect.stringMatching(says)]);
  });

  it.each([
    {
      what: 'with private access asks for its security group to let the functions in',
      change: { functionSecurityGroups: ['sg-0fffffffffffffff1'] },
      says: /^check: its security group sg-0cccccccccccccccc has to let in port 443 from sg-0fffffffffffffff1/,
    },
    {
      what: 'without any public endpoint is no problem',
      change: { facts: facts({ publicAccess: false }) },
      says: /^check: its security group/,
    },
    {
      what: 'in another VPC asks for a route',
      change: { facts: facts({ vpcId: 'vpc-0fedcba9876543210' }) },
      says: /^check: it is in vpc-0fedcba9876543210 and the network internal in vpc-0123456789abcdef0/,
    },
    {
      what: 'without private access asks for a NAT gateway',
      change: { facts: facts({ privateAccess: false }) },
      says: /^check: private access is off: the network internal needs a NAT gateway/,
    },
    {
      what: 'without private access and with some addresses asks for those of the NAT gateways',
      change: { facts: facts({ privateAccess: false, publicAccessCidrs: ['192.0.2.0/24'] }) },
      says: /^check: .*NAT gateways of the network internal have to be among its publicAccessCidrs 192\.0\.2\.0\/24/,
    },
  ])('in a network $what', ({ change, says }) => {
    expect(findings({ network, ...change })).toEqual([expect.stringMatching(says)]);
  });
});
