import { describe, expect, it } from '@jest/globals';
import { endpointsFor } from '../../../../../infra/cli/doctor/endpoints.ts';
import { entriesOf, exampleScope } from '../../../../../infra/entries.ts';
import { parseConfig } from '../../../../../infra/load-config.ts';

const OFF = ['nodeGroupSchedule', 'ecrRescan', 'spotDrain', 'clusterUpgrade', 'podCleanup'];
const endpointsWithout = (...off: readonly string[]) => {
  const lines = off.map((section) => `${section}: { mode: off }`);
  const config = parseConfig(
    ['version: 1', 'mode: act', 'clusters: [{ name: staging }]', ...lines].join('\n'),
    'caretaker.yaml',
  );
  return endpointsFor(entriesOf(config, exampleScope).map(({ entry }) => entry));
};

describe('the VPC endpoints of a function set', () => {
  it('cover what all automations ask for', () => {
    const { interfaces, gateways } = endpointsWithout();
    expect(interfaces).toEqual(
      expect.arrayContaining(['autoscaling', 'ec2', 'ecr.api', 'eks', 'lambda', 'sns', 'sqs', 'ssm']),
    );
    expect(gateways).toEqual(['dynamodb', 's3']);
  });

  it('leave out no service that an automation asks for', () => {
    const config = parseConfig('version: 1\nmode: act\nclusters: [{ name: staging }]\n', 'caretaker.yaml');
    const entries = entriesOf(config, exampleScope).map(({ entry }) => entry);
    const services = entries.flatMap(({ statements }) =>
      statements.flatMap(({ actions }) => actions.map((action) => action.split(':')[0])),
    );
    const { interfaces, gateways } = endpointsFor(entries);
    expect(interfaces.length + gateways.length).toBe(new Set(services).size);
  });

  it('leave out what nothing that is on asks for', () => {
    const { interfaces } = endpointsWithout(...OFF.filter((section) => section !== 'podCleanup'));
    expect(interfaces).toContain('eks');
    expect(interfaces).not.toContain('ecr.api');
    expect(interfaces).not.toContain('ssm');
  });

  it('are none where everything is off', () => {
    expect(endpointsWithout(...OFF)).toEqual({ interfaces: [], gateways: [] });
  });
});
