import type { Input } from '../../protocol/service.ts';

/** What dynalite leaves out at the end of an id that is a UUID. */
const UUID_LENGTH = 36;

/**
 * A table as DynamoDB describes it today. dynalite does as before on-demand tables came out of preview: the billing
 * mode has had another name since, ids were shorter, and `NumberOfDecreasesToday` is never 0 by the service's model.
 */
export const describedToday = (table: Input): Input => {
  const { TableThroughputModeSummary, ProvisionedThroughput, TableId, ...rest } = table;
  const { NumberOfDecreasesToday, ...throughput } = (ProvisionedThroughput ?? {}) as Input;
  const summary = TableThroughputModeSummary as Input | undefined;
  return {
    ...rest,
    ...(ProvisionedThroughput === undefined
      ? {}
      : {
          ProvisionedThroughput: NumberOfDecreasesToday === 0 ? throughput : ProvisionedThroughput,
        }),
    ...(typeof TableId === 'string' ? { TableId: TableId.padEnd(UUID_LENGTH, '0') } : {}),
    ...(summary === undefined ? {} : { BillingModeSummary: { BillingMode: summary.TableThroughputMode } }),
  };
};
