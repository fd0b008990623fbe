import { describe, expect, it } from '@jest/globals';
import { configuredClusterOf } from '../../../../../functions/pod-cleanup/decide/instance.ts';
import { parseTerminated } from '../../../../../functions/pod-cleanup/terminated-event.ts';
import { MalformedEventError } from '../../../../../shared/core/errors.ts';

describe('the cluster of an instance', () => {
  it.each<[Record<string, string>, string | undefined]>([
    [{ 'eks:cluster-name': 'staging' }, 'staging'],
    [{ 'aws:eks:cluster-name': 'staging' }, 'staging'],
    [{ 'eks:eks-cluster-name': 'staging' }, 'staging'],
    [{ 'kubernetes.io/cluster/staging': 'owned' }, 'staging'],
    [{ 'kubernetes.io/cluster/old': 'owned', 'kubernetes.io/cluster/staging': 'shared' }, 'staging'],
    [{ 'eks:cluster-name': 'production' }, undefined],
    [{ 'old.kubernetes.io/cluster/staging': 'owned' }, undefined],
    [{ 'not-kubernetes.io/cluster/staging': 'owned' }, undefined],
    [{ Name: 'staging' }, undefined],
    [{}, undefined],
  ])('with the tags %j is %s', (tags, cluster) => {
    expect(configuredClusterOf(tags, ['dev', 'staging'])).toBe(cluster);
  });
});

describe('the event of a terminated instance', () => {
  const event = {
    source: 'aws.ec2',
    'detail-type': 'EC2 Instance State-change Notification',
    detail: { 'instance-id': 'i-0123456789abcdef0', state: 'terminated' },
  };

  it('names the instance', () => {
    expect(parseTerminated(event)).toEqual({ instanceId: 'i-0123456789abcdef0' });
  });

  it.each<[string, unknown]>([
    ['another state', { ...event, detail: { ...event.detail, state: 'stopped' } }],
    ['another source', { ...event, source: 'example.com' }],
    ['an instance id that is none', { ...event, detail: { ...event.detail, 'instance-id': 'web-1' } }],
    ['no detail', { source: 'aws.ec2' }],
    ['nothing', null],
    ['a tick', { trigger: 'tick' }],
    ['text', 'terminated'],
  ])('is not %s', (_what, other) => {
    expect(() => parseTerminated(other)).toThrow(MalformedEventError);
  });
});
