import type { LambdaClient } from '@aws-sdk/client-lambda';
import { InvokeCommand } from '@aws-sdk/client-lambda';

/** Starts another function without waiting for its result. */
export interface AsyncInvoker {
  /** Resolves once Lambda has queued the event. */
  invoke(payload: object): Promise<void>;
}

export const createAsyncInvoker = (client: LambdaClient, functionArn: () => string): AsyncInvoker => ({
  invoke: async (payload) => {
    const arn = functionArn();
    const { StatusCode } = await client.send(
      new InvokeCommand({
        FunctionName: arn,
        InvocationType: 'Event',
        Payload: Buffer.from(JSON.stringify(payload)),
      }),
    );
    // 202 is the only success of an asynchronous invocation (Lambda API reference, Invoke).
    if (StatusCode !== 202)
      throw new Error(`Lambda did not queue the invocation of ${arn}: status ${StatusCode}`);
  },
});
