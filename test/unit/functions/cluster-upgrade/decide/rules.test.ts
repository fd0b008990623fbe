import { describe, expect, it } from '@jest/globals';
import { addOnTarget } from '../../../../../functions/cluster-upgrade/decide/add-on-targets.ts';
import { judgeApproval } from '../../../../../functions/cluster-upgrade/decide/approval.ts';
import { imageFamilyOf } from '../../../../../functions/cluster-upgrade/decide/node-images.ts';
import { compareVersions, minorOf } from '../../../../../functions/cluster-upgrade/decide/versions.ts';
import { addOn, atVersion, snapshot } from '../../../../fixtures/upgrade-snapshot.ts';

describe('the minor of a version', () => {
  it.each([
    ['1.34', 34],
    ['v1.34.2-eks-3abb9f6', 34],
    ['v1.35.0+k3s1', 35],
    ['2.0', undefined],
    ['1.x', undefined],
    ['', undefined],
    ['kubelet v1.34.2', undefined],
    ['21.34', undefined],
    ['1.34 or so', undefined],
    ['1.1234', undefined],
  ])('%s: %s', (version, minor) => {
    expect(minorOf(version)).toBe(minor);
  });
});

describe('versions of add-ons', () => {
  it.each([
    ['v1.20.4-eksbuild.10', 'v1.20.4-eksbuild.2', 1],
    ['v1.9.0', 'v1.10.0', -1],
    ['v1.20.4-eksbuild.2', 'v1.20.4-eksbuild.2', 0],
    ['v1.20.4', 'v1.20.4-eksbuild.1', -1],
    ['v1.20.4-eksbuild.1', 'v1.20.4', 1],
    ['none', 'none', 0],
    ['v0.0', 'none', 0],
  ])('%s against %s: %i', (a, b, sign) => {
    expect(Math.sign(compareVersions(a, b))).toBe(sign);
  });
});

describe('where an add-on goes', () => {
  const base = snapshot();
  it.each<[string, ReturnType<typeof addOn>, object]>([
    [
      'to the default of the target',
      addOn('x', 'v1.0.0', [
        ['v1.1.0', ['1.35'], true],
        ['v1.2.0', ['1.35']],
      ]),
      { kind: 'update', versions: ['v1.1.0'] },
    ],
    [
      'to the newest where EKS names no default',
      addOn('x', 'v1.0.0', [
        ['v1.1.0', ['1.35']],
        ['v1.10.0', ['1.35']],
      ]),
      { kind: 'update', versions: ['v1.10.0'] },
    ],
    ['nowhere: it is there', addOn('x', 'v1.1.0', [['v1.1.0', ['1.35'], true]]), { kind: 'keep' }],
    [
      'nowhere: it is ahead of the default and fits',
      addOn('x', 'v1.2.0', [
        ['v1.1.0', ['1.35'], true],
        ['v1.2.0', ['1.35']],
      ]),
      { kind: 'keep' },
    ],
    [
      'on, where it is ahead of the default and does not fit',
      addOn('x', 'v1.2.0', [
        ['v1.1.0', ['1.35'], true],
        ['v1.3.0', ['1.35']],
      ]),
      { kind: 'update', versions: ['v1.3.0'] },
    ],
    [
      'nowhere: only older versions fit, and nothing goes back',
      addOn('x', 'v1.2.0', [['v1.1.0', ['1.35'], true]]),
      { kind: 'no-version' },
    ],
    ['nowhere: EKS offers none', addOn('x', 'v1.2.0', []), { kind: 'no-version' }],
    [
      'to what fits the platform version of the target',
      addOn('x', 'v1.0.0', [
        ['v1.1.0', ['1.35'], false, ['eks.3']],
        ['v1.2.0', ['1.35'], true, ['eks.9']],
      ]),
      { kind: 'update', versions: ['v1.1.0'] },
    ],
    [
      'one minor at a time, by the newest patch of each: vpc-cni',
      addOn('vpc-cni', 'v1.18.0', [
        ['v1.18.5', ['1.35']],
        ['v1.19.0', ['1.35']],
        ['v1.19.6', ['1.35']],
        ['v1.20.0', ['1.34']],
        ['v1.21.1', ['1.35'], true],
        ['v1.21.0', ['1.35']],
      ]),
      { kind: 'update', versions: ['v1.19.6', 'v1.21.1'] },
    ],
  ])('%s', (_what, found, target) => {
    expect(addOnTarget(found, base)).toEqual(target);
  });

  it.each<[string, ReturnType<typeof addOn>, object]>([
    [
      'every platform version where EKS names none',
      addOn('x', 'v1.0.0', [['v1.1.0', ['1.35'], true, []]]),
      { kind: 'update', versions: ['v1.1.0'] },
    ],
    [
      'the installed version and the goal are no steps between',
      addOn('vpc-cni', 'v1.19.1', [
        ['v1.18.0', ['1.35']],
        ['v1.19.0', ['1.35']],
        ['v1.19.1', ['1.35']],
        ['v1.19.9', ['1.35']],
        ['v1.20.3', ['1.35'], true],
        ['v1.20.9', ['1.35']],
        ['v1.22.0', ['1.35']],
      ]),
      { kind: 'update', versions: ['v1.20.3'] },
    ],
    [
      'minors are told apart by both numbers',
      addOn('vpc-cni', 'v1.9.0', [
        ['v1.10.5', ['1.35']],
        ['v11.0.0', ['1.35']],
        ['v12.0.0', ['1.35'], true],
      ]),
      { kind: 'update', versions: ['v1.10.5', 'v11.0.0', 'v12.0.0'] },
    ],
  ])('%s', (_what, found, target) => {
    expect(addOnTarget(found, base)).toEqual(target);
  });

  it('is judged by no platform version where EKS does not say which the target has', () => {
    const unsaid = snapshot({ versions: [{ version: '1.35', support: 'STANDARD_SUPPORT' }] });
    const found = addOn('x', 'v1.0.0', [
      ['v1.1.0', ['1.35'], true, ['eks.3']],
      ['v1.0.5', ['1.35'], false, ['*']],
    ]);
    expect(addOnTarget(found, unsaid)).toEqual({ kind: 'update', versions: ['v1.0.5'] });
  });

  it('is judged by the cluster’s own platform version once the control plane is at the target', () => {
    const found = addOn('x', 'v1.0.0', [['v1.1.0', ['1.35'], true, ['eks.12']]]);
    expect(addOnTarget(found, base)).toEqual({ kind: 'no-version' });
    expect(addOnTarget(found, atVersion(base, '1.35'))).toEqual({ kind: 'update', versions: ['v1.1.0'] });
  });
});

describe('the parameter that names a family’s newest image', () => {
  const al2023 = '/aws/service/eks/optimized-ami/1.35/amazon-linux-2023';
  it.each([
    ['AL2023_x86_64_STANDARD', `${al2023}/x86_64/standard/recommended/release_version`],
    ['AL2023_ARM_64_STANDARD', `${al2023}/arm64/standard/recommended/release_version`],
    ['AL2023_x86_64_NVIDIA', `${al2023}/x86_64/nvidia/recommended/release_version`],
    ['AL2023_ARM_64_NVIDIA', `${al2023}/arm64/nvidia/recommended/release_version`],
    ['AL2023_x86_64_NEURON', `${al2023}/x86_64/neuron/recommended/release_version`],
    ['AL2_x86_64', '/aws/service/eks/optimized-ami/1.35/amazon-linux-2/recommended/release_version'],
    ['AL2_ARM_64', '/aws/service/eks/optimized-ami/1.35/amazon-linux-2-arm64/recommended/release_version'],
    ['AL2_x86_64_GPU', '/aws/service/eks/optimized-ami/1.35/amazon-linux-2-gpu/recommended/release_version'],
    ['BOTTLEROCKET_x86_64', '/aws/service/bottlerocket/aws-k8s-1.35/x86_64/latest/image_version'],
    ['BOTTLEROCKET_ARM_64_FIPS', '/aws/service/bottlerocket/aws-k8s-1.35-fips/arm64/latest/image_version'],
    [
      'BOTTLEROCKET_x86_64_NVIDIA',
      '/aws/service/bottlerocket/aws-k8s-1.35-nvidia/x86_64/latest/image_version',
    ],
    [
      'BOTTLEROCKET_x86_64_NVIDIA_FIPS',
      '/aws/service/bottlerocket/aws-k8s-1.35-nvidia-fips/x86_64/latest/image_version',
    ],
  ])('%s', (amiType, name) => {
    expect(imageFamilyOf(amiType, '1.35')).toEqual({ kind: 'parameter', name });
  });

  it('is left alone for images of one’s own, and left to EKS for Windows', () => {
    expect(imageFamilyOf('CUSTOM', '1.35')).toEqual({ kind: 'custom' });
    expect(imageFamilyOf('WINDOWS_FULL_2022_x86_64', '1.35')).toEqual({ kind: 'newest' });
  });
});

describe('an answer to the question for approval', () => {
  const hash = 'a'.repeat(64);
  it.each([
    [{ kind: 'success', payload: JSON.stringify({ decision: 'approve', planHash: hash, by: 'ada' }) }, 'ada'],
    [{ kind: 'success', payload: JSON.stringify({ decision: 'approve', planHash: hash }) }, 'unknown'],
  ] as const)('%j is a yes', (answer, by) => {
    expect(judgeApproval(answer, hash)).toEqual({ kind: 'approved', by });
  });

  it.each([
    [{ kind: 'timeout' }, 'timed-out', 'approval-timed-out'],
    [{ kind: 'failure', type: 'rejected', message: 'no' }, 'rejected', 'rejected'],
    [{ kind: 'failure', type: 'AnythingElse', message: 'no' }, 'rejected', 'rejected'],
    [{ kind: 'failure', type: 'stopped', message: 'no' }, 'stopped', 'stop-requested'],
    [{ kind: 'success', payload: '' }, 'rejected', 'approval-unreadable'],
    [{ kind: 'success', payload: 'null' }, 'rejected', 'approval-unreadable'],
    [{ kind: 'success', payload: '{' }, 'rejected', 'approval-unreadable'],
    [{ kind: 'success', payload: '"approve"' }, 'rejected', 'approval-unreadable'],
    [{ kind: 'success', payload: '{"decision":"approve"}' }, 'rejected', 'approval-unreadable'],
    [{ kind: 'success', payload: `{"planHash":"${hash}"}` }, 'rejected', 'approval-unreadable'],
    [
      { kind: 'success', payload: '{"decision":"approve","planHash":"b"}' },
      'rejected',
      'approval-of-another-plan',
    ],
  ] as const)('%j is no yes', (answer, status, reason) => {
    expect(judgeApproval(answer, hash)).toMatchObject({ kind: 'refused', status, reason });
  });

  it.each([
    [{ kind: 'timeout' }, 'nobody approved the plan in time; plan and start again'],
    [{ kind: 'failure', type: 'rejected', message: 'not today' }, 'not today'],
    [{ kind: 'failure', type: 'stopped', message: 'by ada' }, 'by ada'],
    [
      { kind: 'success', payload: '{}' },
      'the answer is not {"decision":"approve","planHash":"..."}; start again and use `caretaker upgrade approve`',
    ],
    [
      { kind: 'success', payload: '{"decision":"approve","planHash":"b"}' },
      `the approval names plan b, this run's is ${hash}; plan and start again`,
    ],
  ] as const)('%j says why', (answer, message) => {
    expect(judgeApproval(answer, hash)).toMatchObject({ message });
  });
});
