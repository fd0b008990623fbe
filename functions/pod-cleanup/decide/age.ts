/** Why a pod that ended then is not old enough; undefined where it is, or where no age is asked for. */
export const ageReason = (
  failedAt: number | undefined,
  { minimumAgeMinutes, now }: { readonly minimumAgeMinutes: number; readonly now: number },
): 'failure-time-unknown' | 'too-young' | undefined => {
  if (minimumAgeMinutes === 0) return undefined;
  if (failedAt === undefined) return 'failure-time-unknown';
  return now - failedAt < minimumAgeMinutes * 60_000 ? 'too-young' : undefined;
};
