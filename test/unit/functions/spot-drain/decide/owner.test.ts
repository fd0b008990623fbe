import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { spotDrainSchema } from '../../../../../functions/spot-drain/config.ts';
import { judgeNotice } from '../../../../../functions/spot-drain/decide/decide.ts';
import type { Notice } from '../../../../../functions/spot-drain/decide/notice.ts';
import { clusterOf, groupOf, ownerOf } from '../../../../../functions/spot-drain/decide/owner.ts';

type Tags = Readonly<Record<string, string>>;

/** What anybody may write into tags: ours and AWS's own keys, keys that are nearly those, and anything else. */
const EKS_NAMES = ['eks:cluster-name', 'aws:eks:cluster-name', 'eks:eks-cluster-name'];
const AUTO_MODE = ['eks:kubernetes-node-pool-name', 'eks:kubernetes-node-class-name'];
const KARPENTER = ['karpenter.sh/nodepool', 'karpenter.sh/provisioner-name'];
const GROUPS = [
  'eks:nodegroup-name',
  'eks:kubernetes-node-pool-name',
  'karpenter.sh/nodepool',
  'aws:autoscaling:groupName',
];
const KNOWN = [...new Set([...EKS_NAMES, ...AUTO_MODE, ...KARPENTER, ...GROUPS])];
const CLUSTERS = ['dev', 'staging', 'production', '__proto__', 'constructor'];
const clusterKey = (name: string) => `kubernetes.io/cluster/${name}`;

const word = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...CLUSTERS) },
  fc.string({ unit: 'grapheme', maxLength: 8 }),
);
const nearly = fc
  .tuple(
    fc.constantFrom(...KNOWN, ...CLUSTERS.map(clusterKey)),
    fc.constantFrom<(key: string) => string>(
      (key) => ` ${key}`,
      (key) => `x${key}`,
      (key) => key.toUpperCase(),
      (key) => key.replace('kubernetes', 'k8s').replace('eks:', 'eks-').replace('.', '-'),
      (key) => `a/${key}`,
    ),
  )
  .map(([key, change]) => change(key))
  .filter((key) => !KNOWN.includes(key) && !key.startsWith('kubernetes.io/cluster/'));
const strange = fc.oneof(
  nearly,
  fc.constantFrom('', 'Name', 'kubernetes.io/cluster/', 'kubernetes.io/cluster', '__proto__', 'toString'),
);
const ownership = fc.constantFrom('owned', 'shared');
const tagsFrom = (key: fc.Arbitrary<string>, value: fc.Arbitrary<string> = word): fc.Arbitrary<Tags> =>
  fc.array(fc.tuple(key, value), { maxLength: 5 }).map((entries) => Object.fromEntries(entries));
const ofStrangers = tagsFrom(strange, fc.oneof(word, ownership));
const any: fc.Arbitrary<Tags> = fc
  .tuple(
    tagsFrom(fc.constantFrom(...KNOWN)),
    tagsFrom(word.map(clusterKey), fc.oneof(ownership, word)),
    ofStrangers,
  )
  .map((parts) => Object.assign({}, ...parts) as Tags);
/** The same tags in another order, as EC2 may answer them. */
const inAnotherOrder = (tags: Tags): Tags => Object.fromEntries(Object.entries(tags).reverse());
const readAll = (tags: Tags) => [clusterOf(tags), ownerOf(tags), groupOf(tags)];

/** Every cluster that some tag of an instance speaks of, whether or not it is to be believed. */
const namesIn = (tags: Tags): readonly string[] => [
  ...EKS_NAMES.flatMap((key) => tags[key] ?? []),
  ...Object.keys(tags).flatMap((key) =>
    key.startsWith('kubernetes.io/cluster/') ? key.slice('kubernetes.io/cluster/'.length) : [],
  ),
];

describe('whatever tags an instance has', () => {
  it('nothing throws, and what is said of it is in them, in whatever order they come', () => {
    fc.assert(
      fc.property(any, (tags) => {
        const [cluster, owner, group] = readAll(tags);
        expect(readAll(inAnotherOrder(tags))).toEqual([cluster, owner, group]);
        if (cluster !== undefined) expect(namesIn(tags)).toContain(cluster);
        if (group !== undefined) expect(GROUPS.map((key) => tags[key])).toContain(group);
        else expect(GROUPS.filter((key) => tags[key] !== undefined)).toEqual([]);
        expect(['managed', 'self-managed', 'karpenter', 'auto-mode']).toContain(owner);
      }),
    );
  });

  it('a notice is acted on for a configured cluster alone, and for one that they name', () => {
    const notice: Notice = {
      kind: 'spot-interruption',
      id: 'event-1',
      account: '111122223333',
      region: 'eu-central-1',
      source: 'aws.ec2',
      time: 0,
      instanceId: 'i-1234567890abcdef0',
      instanceAction: 'terminate',
    };
    const config = spotDrainSchema.parse({});
    const configured = fc.uniqueArray(fc.constantFrom(...CLUSTERS), { maxLength: 3 });
    let acted = 0;
    fc.assert(
      fc.property(any, configured, (tags, clusters) => {
        const judged = judgeNotice(notice, { state: 'running', tags }, { clusters, config, now: 0 });
        if (judged.kind === 'dismiss') {
          expect(judged.decision).toMatchObject({ action: 'none', reason: 'foreign-instance' });
          return;
        }
        acted += 1;
        expect(clusters).toContain(judged.cluster);
        expect(namesIn(tags)).toContain(judged.cluster);
      }),
      { numRuns: 500 },
    );
    expect(acted).toBeGreaterThan(20);
  });

  it('those of others, however like AWS’s they look, change nothing', () => {
    fc.assert(
      fc.property(any, ofStrangers, (tags, others) => {
        expect(readAll({ ...others, ...tags })).toEqual(readAll(tags));
      }),
    );
  });
});

describe('the cluster', () => {
  const name = fc.string({ unit: fc.constantFrom(...'abcXYZ019-_'), minLength: 1, maxLength: 12 });

  it('of one’s own instance is the one whose nodes it owns or shares, and nobody’s where there are two', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(name, { minLength: 1, maxLength: 3 }),
        ownership,
        ofStrangers,
        (names, value, others) => {
          const tags = Object.fromEntries(names.map((one) => [clusterKey(one), value]));
          expect(clusterOf({ ...others, ...tags })).toBe(names.length === 1 ? names[0] : undefined);
        },
      ),
    );
  });

  it('is not named by a cluster tag with any other value', () => {
    fc.assert(
      fc.property(name, word, name, ownership, (one, value, other, owned) => {
        fc.pre(value !== 'owned' && value !== 'shared' && one !== other);
        expect(clusterOf({ [clusterKey(one)]: value })).toBeUndefined();
        // Nor does it contradict one that counts.
        expect(clusterOf({ [clusterKey(one)]: value, [clusterKey(other)]: owned })).toBe(other);
      }),
    );
  });

  it('that EKS names counts, whatever tags of one’s own say', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...EKS_NAMES),
        name,
        tagsFrom(name.map(clusterKey), ownership),
        (key, one, own) => {
          expect(clusterOf({ ...own, [key]: one })).toBe(one);
        },
      ),
    );
  });
});

describe('the owner', () => {
  /** As the one makes instances, with what else may be in their tags. */
  const without = (keys: readonly string[]) =>
    any.map((tags) => Object.fromEntries(Object.entries(tags).filter(([key]) => !keys.includes(key))));

  it.each([
    ['Auto Mode, by either of its tags', AUTO_MODE, [], 'auto-mode'],
    ['Karpenter, by either of its tags', KARPENTER, AUTO_MODE, 'karpenter'],
    ['EKS, by the node group', ['eks:nodegroup-name'], [...AUTO_MODE, ...KARPENTER], 'managed'],
  ] as const)('is %s, whatever else is in the tags', (_, keys, absent, owner) => {
    fc.assert(
      fc.property(fc.constantFrom(...keys), word, without(absent), (key, value, others) => {
        expect(ownerOf({ ...others, [key]: value })).toBe(owner);
      }),
    );
  });

  it('is nobody but ourselves without any of these tags', () => {
    fc.assert(
      fc.property(without([...AUTO_MODE, ...KARPENTER, 'eks:nodegroup-name']), (tags) => {
        expect(ownerOf(tags)).toBe('self-managed');
      }),
    );
  });
});

describe('the group', () => {
  it('is the same for instances that one thing made, whatever tags each of them has besides', () => {
    const keyOf = {
      managed: GROUPS[0],
      'auto-mode': GROUPS[1],
      karpenter: GROUPS[2],
      own: GROUPS[3],
    } as const;
    const kind = fc.constantFrom<keyof typeof keyOf>('managed', 'auto-mode', 'karpenter', 'own');
    fc.assert(
      fc.property(kind, word, word, ofStrangers, ofStrangers, (made, group, other, first, second) => {
        const key = keyOf[made] ?? '';
        // Managed nodes are in an Auto Scaling group of EKS's as well, which says less.
        const more = made === 'managed' ? { 'aws:autoscaling:groupName': other } : {};
        expect(groupOf({ ...first, ...more, [key]: group })).toBe(group);
        expect(groupOf({ ...second, [key]: group })).toBe(group);
      }),
    );
  });
});
