import { MalformedEventError } from '../../shared/core/errors.ts';

/** An instance that EC2 says is terminated. */
export interface TerminatedInstance {
  readonly instanceId: string;
}

const INSTANCE_ID = /^i-[0-9a-f]{8,17}$/;

/** "EC2 Instance State-change Notification" with the state `terminated`. Throws MalformedEventError for all others. */
export const parseTerminated = (event: unknown): TerminatedInstance => {
  const { source, detail } = (event ?? {}) as { source?: unknown; detail?: unknown };
  const { state, 'instance-id': instanceId } = (detail ?? {}) as Readonly<Record<string, unknown>>;
  if (source !== 'aws.ec2' || state !== 'terminated') {
    throw new MalformedEventError(
      'this entry takes EC2 state-change events with the state "terminated" alone',
    );
  }
  if (typeof instanceId !== 'string' || !INSTANCE_ID.test(instanceId)) {
    throw new MalformedEventError('the event names no instance in detail["instance-id"]');
  }
  return { instanceId };
};
