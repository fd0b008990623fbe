import { describe, expect, it } from '@jest/globals';
import { matches } from '../../../../../../infra/local/services/events/rules.ts';
import { envelope, instanceStateChange } from '../../../../../../infra/local/world/events.ts';

const event = (state: string) =>
  envelope(
    instanceStateChange('i-0123456789abcdef0', 'arn:aws:ec2:eu-central-1:123456789012:instance/i', state),
    {
      accountId: '123456789012',
      region: 'eu-central-1',
      now: 0,
      id: 'e-1',
    },
  );

const pattern = { source: ['aws.ec2'], detailType: ['EC2 Instance State-change Notification'] };

describe('a rule of the event bus', () => {
  it.each([
    ['without a detail takes every state', pattern, 'running', true],
    [
      'with a detail takes what it names',
      { ...pattern, detail: { state: ['terminated'] } },
      'terminated',
      true,
    ],
    ['with a detail leaves the rest', { ...pattern, detail: { state: ['terminated'] } }, 'running', false],
    ['leaves what lacks a named member', { ...pattern, detail: { reason: ['x'] } }, 'running', false],
    ['leaves another source', { ...pattern, source: ['aws.ecr'] }, 'running', false],
    ['leaves another detail type', { ...pattern, detailType: ['Other'] }, 'running', false],
  ])('%s', (_title, rule, state, expected) => {
    expect(matches(rule, event(state))).toBe(expected);
  });
});
