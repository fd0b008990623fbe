import { describe, expect, it } from '@jest/globals';
import { entriesOf, exampleScope } from '../../../infra/entries.ts';
import { parseConfig } from '../../../infra/load-config.ts';
import { functionNameOf } from '../../../infra/names.ts';
import { networkGroups, stackNameOf } from '../../../infra/networks.ts';
import { ConfigurationError } from '../../../shared/core/errors.ts';

const NETWORK = 'vpcId: vpc-0123456789abcdef0, subnetIds: [subnet-0aaaaaaaaaaaaaaaa]';
const parse = (...lines: readonly string[]) =>
  parseConfig(['version: 1', 'mode: act', ...lines].join('\n'), 'caretaker.yaml');

const LONGEST_NAME = 'a-network-of-20-char';

const mixed = parse(
  'clusters:',
  '  - { name: production, network: internal }',
  '  - { name: staging }',
  `  - { name: dev, network: ${LONGEST_NAME} }`,
  '  - { name: payments, network: internal }',
  'networks:',
  `  - { name: internal, ${NETWORK} }`,
  `  - { name: ${LONGEST_NAME}, ${NETWORK} }`,
);

describe('the network groups of a configuration', () => {
  it('are one for the clusters without a network and one for each network', () => {
    expect(
      networkGroups(mixed).map(({ network, config }) => [
        network?.name,
        config.clusters.map(({ name }) => name),
      ]),
    ).toEqual([
      [undefined, ['staging']],
      ['internal', ['production', 'payments']],
      [LONGEST_NAME, ['dev']],
    ]);
  });

  it('hold every cluster exactly once', () => {
    const names = networkGroups(mixed).flatMap(({ config }) => config.clusters.map(({ name }) => name));
    expect(names.sort()).toEqual(mixed.clusters.map(({ name }) => name).sort());
  });

  it('scan the images of the account once', () => {
    const scanning = networkGroups(mixed).map(({ config }) =>
      entriesOf(config, exampleScope).some(({ automation }) => automation === 'ecr-rescan'),
    );
    expect(scanning).toEqual([true, false, false]);
  });

  it('are no group outside every VPC where all clusters have a network', () => {
    const groups = networkGroups(
      parse('clusters: [{ name: a, network: internal }]', `networks: [{ name: internal, ${NETWORK} }]`),
    );
    expect(groups.map(({ network }) => network?.name)).toEqual(['internal']);
    expect(groups[0]?.config.ecrRescan.mode).toBeUndefined();
  });

  it('have stacks whose function names Lambda takes (64 characters)', () => {
    for (const { network, config } of networkGroups(mixed)) {
      const stack = stackNameOf('eks-caretaker', network);
      for (const { entry } of entriesOf(config, exampleScope))
        expect(functionNameOf(stack, entry.id).length).toBeLessThanOrEqual(64);
    }
    expect(networkGroups(mixed).map(({ network }) => stackNameOf('eks-caretaker', network))).toEqual([
      'eks-caretaker',
      'eks-caretaker-internal',
      `eks-caretaker-${LONGEST_NAME}`,
    ]);
  });
});

describe('networks in a configuration', () => {
  it.each([
    {
      what: 'a cluster names a network that is not there',
      lines: ['clusters: [{ name: a, network: nowhere }]'],
      problem: /clusters\[0\]\.network.*nowhere.*there are none/s,
    },
    {
      what: 'a network has a name twice',
      lines: [
        'clusters: [{ name: a, network: internal }]',
        `networks: [{ name: internal, ${NETWORK} }, { name: internal, ${NETWORK} }]`,
      ],
      problem: /networks\[1\]\.name.*every network named once/s,
    },
    {
      what: 'no cluster names a network',
      lines: ['clusters: [{ name: a }]', `networks: [{ name: internal, ${NETWORK} }]`],
      problem: /networks\[0\]\.name.*a network that a cluster names/s,
    },
    {
      what: 'an id is none of AWS',
      lines: [
        'clusters: [{ name: a, network: internal }]',
        'networks: [{ name: internal, vpcId: internal, subnetIds: [subnet-0aaaaaaaaaaaaaaaa] }]',
      ],
      problem: /networks\[0\]\.vpcId.*the id of a VPC/s,
    },
    {
      what: 'there is no subnet',
      lines: [
        'clusters: [{ name: a, network: internal }]',
        'networks: [{ name: internal, vpcId: vpc-0123456789abcdef0, subnetIds: [] }]',
      ],
      problem: /networks\[0\]\.subnetIds.*at least one subnet/s,
    },
    {
      what: 'a name is longer than function names can hold',
      lines: [
        `clusters: [{ name: a, network: ${LONGEST_NAME}x }]`,
        `networks: [{ name: ${LONGEST_NAME}x, ${NETWORK} }]`,
      ],
      problem: /networks\[0\]\.name.*at most 20/s,
    },
  ])('are refused where $what', ({ lines, problem }) => {
    expect(() => parse(...lines)).toThrow(ConfigurationError);
    expect(() => parse(...lines)).toThrow(problem);
  });
});
