/** How somebody answered, as Lambda's callback gives it. */
export type CallbackAnswer =
  | { readonly kind: 'success'; readonly payload: string }
  | { readonly kind: 'failure'; readonly type: string; readonly message: string }
  | { readonly kind: 'timeout' };

export type ApprovalVerdict =
  | { readonly kind: 'approved'; readonly by: string }
  | {
      readonly kind: 'refused';
      readonly status: 'rejected' | 'stopped' | 'timed-out';
      readonly reason:
        | 'rejected'
        | 'stop-requested'
        | 'approval-timed-out'
        | 'approval-of-another-plan'
        | 'approval-unreadable';
      readonly message: string;
    };

const parsed = (payload: string): Record<string, unknown> | undefined => {
  try {
    const value: unknown = JSON.parse(payload);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined; // judged below: what cannot be read is no yes
  }
};

/** Only a yes that names this very plan is one. */
export const judgeApproval = (answer: CallbackAnswer, planHash: string): ApprovalVerdict => {
  const refused = (
    status: 'rejected' | 'stopped' | 'timed-out',
    reason: (ApprovalVerdict & { kind: 'refused' })['reason'],
    message: string,
  ): ApprovalVerdict => ({ kind: 'refused', status, reason, message });
  if (answer.kind === 'timeout') {
    return refused(
      'timed-out',
      'approval-timed-out',
      'nobody approved the plan in time; plan and start again',
    );
  }
  if (answer.kind === 'failure') {
    return answer.type === 'stopped'
      ? refused('stopped', 'stop-requested', answer.message)
      : refused('rejected', 'rejected', answer.message);
  }
  const approval = parsed(answer.payload);
  if (approval?.decision !== 'approve' || typeof approval.planHash !== 'string') {
    return refused(
      'rejected',
      'approval-unreadable',
      'the answer is not {"decision":"approve","planHash":"..."}; start again and use `caretaker upgrade approve`',
    );
  }
  if (approval.planHash !== planHash) {
    return refused(
      'rejected',
      'approval-of-another-plan',
      `the approval names plan ${approval.planHash}, this run's is ${planHash}; plan and start again`,
    );
  }
  return { kind: 'approved', by: typeof approval.by === 'string' ? approval.by : 'unknown' };
};
