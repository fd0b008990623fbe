import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { clientImportsOf, clientModule } from '../../bench/aws-clients.ts';
import { formatRows, median, rowOfCount, rowOfPairs } from '../../bench/rows.ts';

const what = { bench: 'cold-start', measure: 'init pod-cleanup', unit: 'ms', note: 'a note' };

describe('the median', () => {
  it.each([
    [[3], 3],
    [[1, 10], 5.5],
    [[9, 1, 5], 5],
    [[4, 1, 3, 2], 2.5],
  ])('of %p is %p', (values, expected) => {
    expect(median(values)).toBe(expected);
  });

  it('has as many values below as above, in whatever order they come', () => {
    const values = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(values, (list) => {
        const middle = median(list);
        expect(list.filter((value) => value < middle).length).toBeLessThanOrEqual(list.length / 2);
        expect(list.filter((value) => value > middle).length).toBeLessThanOrEqual(list.length / 2);
        expect(median([...list].reverse())).toBe(middle);
      }),
    );
  });

  it('of nothing is an error', () => {
    expect(() => median([])).toThrow(RangeError);
  });
});

describe('a row', () => {
  it('takes the ratio pair by pair, so that one slow moment spoils one pair alone', () => {
    const pairs = [
      { ours: 20, peer: 10 },
      { ours: 22, peer: 11 },
      { ours: 300, peer: 10 },
    ];
    expect(rowOfPairs({ ...what, target: 1.3 }, pairs)).toEqual({
      ...what,
      ours: 22,
      peer: 10,
      ratio: 2,
      target: 1.3,
      runs: 3,
    });
  });

  it('of a count has peer 1, or the limit that its note states, and no target', () => {
    expect(rowOfCount(what, 345_678)).toMatchObject({
      ours: 345_678,
      peer: 1,
      ratio: 345_678,
      target: null,
      runs: 1,
    });
    expect(rowOfCount(what, 30, 60)).toMatchObject({ ours: 30, peer: 60, ratio: 0.5 });
  });

  it('has four significant digits', () => {
    expect(rowOfPairs(what, [{ ours: 100 / 3, peer: 7 }])).toMatchObject({ ours: 33.33, ratio: 4.762 });
  });
});

describe('the table', () => {
  it('says of each target whether it was met', () => {
    const lines = formatRows([
      rowOfPairs({ ...what, target: 1.3 }, [{ ours: 13, peer: 10 }]),
      rowOfPairs({ ...what, target: 1.3 }, [{ ours: 14, peer: 10 }]),
      rowOfCount(what, 5),
    ]).split('\n');
    expect(lines[0]).toMatch(/^bench +measure +ours +peer +unit +ratio +target +runs$/);
    expect(lines[1]).toMatch(/1\.3 +at most 1\.3: met +1$/);
    expect(lines[2]).toMatch(/1\.4 +at most 1\.3: missed +1$/);
    expect(lines[3]).not.toContain('at most');
  });
});

describe('the peer of an import', () => {
  it('has the clients and commands that the sources import, once each, and no types', () => {
    const module = clientModule(
      clientImportsOf([
        "import type { Nodegroup } from '@aws-sdk/client-eks';\nimport { EKSClient } from '@aws-sdk/client-eks';\n",
        "import {\n  DescribeClusterCommand,\n  EKSClient as Client,\n} from '@aws-sdk/client-eks';\nimport { x } from './x.ts';\n",
        "import { SNSClient } from '@aws-sdk/client-sns';\n",
      ]),
    );
    expect(module).toBe(
      "export { DescribeClusterCommand, EKSClient } from '@aws-sdk/client-eks';\nexport { SNSClient } from '@aws-sdk/client-sns';\n",
    );
  });
});
