import type { MiddlewareObj } from '@middy/core';

/**
 * X-Ray through Powertools, loaded only when this invocation is sampled: the tracer costs 125 KiB and 36 ms of import.
 * It stays out of the bundle, whose start pays for every byte that has to be parsed. Lambda says in
 * `_X_AMZN_TRACE_ID` whether an invocation is sampled.
 */
export const tracing = (serviceName: string): MiddlewareObj => {
  let middleware: Promise<MiddlewareObj> | undefined;
  let active: MiddlewareObj | undefined;

  const load = async (): Promise<MiddlewareObj> => {
    const { Tracer, captureLambdaHandler } = await import('./tracer.ts');
    return captureLambdaHandler(new Tracer({ serviceName }), { captureResponse: false });
  };

  return {
    before: async (request) => {
      active = undefined;
      if (!process.env._X_AMZN_TRACE_ID?.includes('Sampled=1')) return;
      middleware ??= load();
      active = await middleware;
      await active.before?.(request);
    },
    after: async (request) => {
      await active?.after?.(request);
    },
    onError: async (request) => {
      await active?.onError?.(request);
    },
  };
};
