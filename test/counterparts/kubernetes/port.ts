/** What either API server is asked, and what it says. */

export interface User {
  readonly user: string;
  readonly groups: readonly string[];
}

export interface Ask {
  /** A text is sent as it is. */
  readonly body?: object | string;
  readonly contentType?: string;
  readonly accept?: string;
  /** The whole header; the administrator's bearer token where left out, no header where empty. */
  readonly authorization?: string;
  /** Whom the administrator impersonates. */
  readonly as?: User;
}

export interface Cause {
  readonly reason?: string;
  readonly message?: string;
  readonly field?: string;
}

export interface Metadata {
  readonly name: string;
  readonly namespace?: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly deletionTimestamp?: string;
  readonly deletionGracePeriodSeconds?: number;
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

/** As far as the cases read into it themselves; the comparison takes all there is. */
export interface Body {
  readonly kind?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly details?: { readonly causes?: readonly Cause[]; readonly retryAfterSeconds?: number };
  readonly metadata?: Partial<Metadata>;
  readonly items?: readonly { readonly metadata: Metadata }[];
  readonly rows?: readonly { readonly cells: readonly unknown[] }[];
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly status?: unknown;
  /** An answer that is no JSON. */
  readonly text?: string;
}

export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly retryAfter: string | undefined;
  readonly body: Body;
}

export interface WatchEvent {
  readonly type: string;
  readonly object: Body;
}

export interface KubernetesClient {
  ask(method: string, path: string, ask?: Ask): Promise<Answer>;
  /** The first events of a watch, `meanwhile` being done when it is open; or the refusal. */
  watch(
    path: string,
    options: { readonly enough: number; readonly meanwhile?: () => Promise<unknown> },
  ): Promise<{ readonly events: readonly WatchEvent[] } | Body>;
  close(): void;
}

/** One of the two API servers that are held against each other. */
export interface Side extends KubernetesClient {
  readonly name: 'embedded' | 'counterpart';
  /** Waits, or jumps, until continue tokens that were handed out before may have expired. */
  forget(): Promise<void>;
  /** Whether whoever keeps the nodes makes new ones Ready. */
  readonly makesNodesReady: boolean;
  /** Whether the cluster's own controllers have written to a new node what they write there. */
  isSettled(node: Body): boolean;
  /** A node whose pods run and stop. */
  addNode(name: string, labels?: Readonly<Record<string, string>>): Promise<void>;
  end(): Promise<void>;
}
