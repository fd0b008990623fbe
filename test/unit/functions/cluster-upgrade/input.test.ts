import { describe, expect, it } from '@jest/globals';
import { parsePlanInput, parseStartInput } from '../../../../functions/cluster-upgrade/input.ts';
import { MalformedEventError } from '../../../../shared/core/errors.ts';

const start = { action: 'start', cluster: 'staging', version: '1.35', planHash: 'a'.repeat(64) };
const plan = { action: 'plan', cluster: 'staging', version: '1.35' };

describe('the input of an upgrade', () => {
  it('is taken as documented', () => {
    expect(parseStartInput(start)).toEqual(start);
    expect(parsePlanInput(plan)).toEqual(plan);
  });

  it.each<[unknown, string]>([
    [undefined, 'takes an object'],
    ['start', 'takes an object'],
    [[start], 'takes an object'],
    [plan, 'unknown action "plan"'],
    [{ ...start, action: undefined }, 'unknown action (none)'],
    [{ ...start, cluster: '' }, '"cluster" has to be the name of a cluster, found ""'],
    [{ ...start, cluster: 'a b' }, '"cluster"'],
    [{ ...start, version: '1.35.1' }, '"version" has to be a Kubernetes minor'],
    [{ ...start, version: 1.35 }, '"version"'],
    [{ ...start, planHash: 'abc' }, '"planHash" has to be the 64 hex digits'],
    [{ ...start, planHash: undefined }, '"planHash"'],
    [{ ...start, force: true }, 'unknown member force'],
  ])('%j is refused: %s', (event, message) => {
    expect(() => parseStartInput(event)).toThrow(MalformedEventError);
    expect(() => parseStartInput(event)).toThrow(message);
  });

  it('of a plan has no hash', () => {
    expect(() => parsePlanInput({ ...plan, planHash: 'a'.repeat(64) })).toThrow('unknown member planHash');
  });
});
