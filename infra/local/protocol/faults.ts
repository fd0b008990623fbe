/**
 * What `failNext` can do to a call. `reset` cuts the connection before anything is done, `reset-after-apply`
 * after it was done and before the answer is sent, `hang` never answers; an error answers instead of doing.
 */
export type Fault =
  | { readonly code: string; readonly status: number; readonly message?: string }
  | 'reset'
  | 'reset-after-apply'
  | 'hang';

export interface FaultPlan {
  failNext(service: string, operation: string, fault: Fault, times?: number): void;
  /** The fault for this call, used up. */
  take(service: string, operation: string): Fault | undefined;
}

export const createFaultPlan = (): FaultPlan => {
  const planned = new Map<string, Fault[]>();
  return {
    failNext: (service, operation, fault, times = 1) => {
      const key = `${service}:${operation}`;
      planned.set(key, [...(planned.get(key) ?? []), ...Array<Fault>(times).fill(fault)]);
    },
    take: (service, operation) => planned.get(`${service}:${operation}`)?.shift(),
  };
};
