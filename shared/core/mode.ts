import type { Store } from './store.ts';
import type { AutomationId } from './verdict.ts';

/** `off`: does nothing. `observe`: decides and reports. `act`: carries out. */
export type Mode = 'off' | 'observe' | 'act';

const STRICTNESS: Readonly<Record<Mode, number>> = { off: 0, observe: 1, act: 2 };

/** The strictest of the given modes; those not set do not count, and where none is set it is `observe`. */
export const strictestMode = (...modes: readonly (Mode | undefined)[]): Mode => {
  const set = modes.filter((mode) => mode !== undefined);
  return set.reduce<Mode>(
    (strictest, mode) => (STRICTNESS[mode] < STRICTNESS[strictest] ? mode : strictest),
    set[0] ?? 'observe',
  );
};

/** Modes set at run time: they can only make the configured ones stricter. */
export interface ModeState {
  readonly global?: Mode;
  readonly automations?: Readonly<Partial<Record<AutomationId, Mode>>>;
  readonly clusters?: Readonly<Record<string, Mode>>;
}

/** Where the run-time modes lie in the table: one item, `pk = mode`, `sk = state`, attribute `modes`. */
export const MODE_KEY = { pk: 'mode', sk: 'state' } as const;

export const readModeState = async (store: Store): Promise<ModeState> => {
  const item = await store.get(MODE_KEY);
  return (item?.modes as ModeState | undefined) ?? {};
};

export interface ConfiguredModes {
  readonly automation: AutomationId;
  readonly globalMode: Mode;
  readonly automationMode?: Mode | undefined;
  /** Modes of the clusters, by cluster name. */
  readonly clusterModes: Readonly<Record<string, Mode | undefined>>;
}

/** The mode that holds for an automation, and for one cluster when it is named. Pure. */
export const effectiveMode = (configured: ConfiguredModes, state: ModeState, cluster?: string): Mode =>
  strictestMode(
    configured.globalMode,
    configured.automationMode,
    state.global,
    state.automations?.[configured.automation],
    ...(cluster === undefined ? [] : [configured.clusterModes[cluster], state.clusters?.[cluster]]),
  );
