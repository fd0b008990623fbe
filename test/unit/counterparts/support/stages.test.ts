import { describe, expect, it } from '@jest/globals';
import { podDeleteStage, withoutPodDelete } from '../../../counterparts/support/stages.ts';

const STAGES = [
  'metadata:\n  name: pod-ready',
  'metadata: { name: pod-delete }',
  'metadata:\n  name: node',
].join('\n---\n');

describe('the stages of kwok', () => {
  it('lose the one that says how long a pod takes to stop, and nothing else', () => {
    const rest = withoutPodDelete(STAGES);
    expect(rest).not.toContain('pod-delete');
    expect(rest).toContain('name: pod-ready');
    expect(rest).toContain('name: node');
  });

  it('get one for the time that a test wants', () => {
    expect(JSON.parse(podDeleteStage(250))).toMatchObject({
      kind: 'Stage',
      metadata: { name: 'pod-delete' },
      spec: { delay: { durationMilliseconds: 250 }, next: { delete: true } },
    });
  });
});
