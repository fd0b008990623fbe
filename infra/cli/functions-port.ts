import type { LambdaClient } from '@aws-sdk/client-lambda';
import {
  InvokeCommand,
  SendDurableExecutionCallbackFailureCommand,
  SendDurableExecutionCallbackSuccessCommand,
} from '@aws-sdk/client-lambda';
import { isAwsError } from '../../shared/aws/clients.ts';
import { LIVE_ALIAS } from '../names.ts';

/** The function itself failed: Lambda ran it and it threw. */
export class FunctionFailedError extends Error {
  override readonly name = 'FunctionFailedError';
}

/** What the command line asks of Lambda. */
export interface FunctionsPort {
  /** Runs a function and waits for its result. Throws FunctionFailedError when the function throws. */
  invoke(functionName: string, payload: object): Promise<unknown>;
  /**
   * Starts a durable execution on the alias `live` and does not wait. The same name with the same payload
   * is the same execution; `false` when the name is taken by another payload.
   */
  startExecution(functionName: string, executionName: string, payload: object): Promise<boolean>;
  succeedCallback(callbackId: string, result: object): Promise<void>;
  failCallback(callbackId: string, error: { type: string; message: string }): Promise<void>;
}

const bytesOf = (value: object): Uint8Array => Buffer.from(JSON.stringify(value));

const parsePayload = (payload: Uint8Array | undefined): unknown => {
  const text = Buffer.from(payload ?? []).toString('utf8');
  return text === '' ? undefined : JSON.parse(text);
};

const failureMessage = (functionName: string, payload: unknown): string => {
  const { errorType, errorMessage } = (payload ?? {}) as { errorType?: string; errorMessage?: string };
  return `${functionName} failed: ${errorType ?? 'Error'}: ${errorMessage ?? 'no message'}; its log has more`;
};

export const createFunctionsPort = (client: LambdaClient): FunctionsPort => ({
  invoke: async (functionName, payload) => {
    const { FunctionError, Payload } = await client.send(
      new InvokeCommand({
        FunctionName: functionName,
        InvocationType: 'RequestResponse',
        Payload: bytesOf(payload),
      }),
    );
    const result = parsePayload(Payload);
    if (FunctionError !== undefined) throw new FunctionFailedError(failureMessage(functionName, result));
    return result;
  },
  startExecution: async (functionName, executionName, payload) => {
    try {
      await client.send(
        new InvokeCommand({
          FunctionName: functionName,
          Qualifier: LIVE_ALIAS,
          InvocationType: 'Event',
          DurableExecutionName: executionName,
          Payload: bytesOf(payload),
        }),
      );
      return true;
    } catch (error) {
      if (isAwsError(error, 'DurableExecutionAlreadyStartedException')) return false;
      throw error;
    }
  },
  succeedCallback: async (callbackId, result) => {
    await client.send(
      new SendDurableExecutionCallbackSuccessCommand({ CallbackId: callbackId, Result: bytesOf(result) }),
    );
  },
  failCallback: async (callbackId, { type, message }) => {
    await client.send(
      new SendDurableExecutionCallbackFailureCommand({
        CallbackId: callbackId,
        Error: { ErrorType: type, ErrorMessage: message },
      }),
    );
  },
});
