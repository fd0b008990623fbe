import type { WorldTime } from './messages.ts';

type Callback = (...args: unknown[]) => void;

/** The machine's own clock and timers, which the virtual ones stand on. */
export interface Machine {
  now(): number;
  setTimeout(run: () => void, ms: number): unknown;
  clearTimeout(handle: unknown): void;
  setImmediate(run: () => void): unknown;
}

/** What `setTimeout` answers in Node: an object that can be cleared, by itself or by its number. */
export interface VirtualTimeout {
  ref(): VirtualTimeout;
  unref(): VirtualTimeout;
  hasRef(): boolean;
  refresh(): VirtualTimeout;
  close(): VirtualTimeout;
  [Symbol.toPrimitive](): number;
  [Symbol.dispose](): void;
}

/** Timers on the world's time. They fire in order of due time, then in the order they were made. */
export interface VirtualTimers {
  now(): number;
  /** Takes the world's time, and fires what has become due. */
  setTime(time: WorldTime): void;
  /** A frozen process (Lambda between two invocations) fires nothing; what is due fires when it thaws. */
  freeze(frozen: boolean): void;
  setTimeout(callback: Callback, ms?: number, ...args: unknown[]): VirtualTimeout;
  setInterval(callback: Callback, ms?: number, ...args: unknown[]): VirtualTimeout;
  clear(handle: unknown): void;
  /** When the next timer is due: of those that keep a process alive, or of the others. */
  earliest(kind: 'ref' | 'unref'): number | undefined;
  /** Timers that are due and have not fired yet. */
  readonly firing: boolean;
  readonly fired: number;
}

interface Timer {
  readonly id: number;
  readonly callback: Callback;
  readonly args: readonly unknown[];
  readonly ms: number;
  readonly repeats: boolean;
  at: number;
  /** Order among timers of one due time. */
  order: number;
  ref: boolean;
}

const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const createVirtualTimers = (machine: Machine, start: WorldTime): VirtualTimers => {
  const timers = new Map<number, Timer>();
  let time = { ...start, machineNow: machine.now() };
  let frozen = false;
  let firing = false;
  let fired = 0;
  let lastId = 0;
  let lastOrder = 0;
  let armed: unknown;

  const now = () => (time.held ? time.now : time.now + machine.now() - time.machineNow);

  const next = (): Timer | undefined => {
    let first: Timer | undefined;
    for (const timer of timers.values())
      if (first === undefined || timer.at < first.at || (timer.at === first.at && timer.order < first.order))
        first = timer;
    return first;
  };

  const fireNext = () => {
    const timer = frozen ? undefined : next();
    if (timer === undefined || timer.at > now()) {
      firing = false;
      arm();
      return;
    }
    // Before the callback, so that one that throws does not keep the others from firing.
    machine.setImmediate(fireNext);
    fired++;
    if (timer.repeats) {
      timer.at = now() + timer.ms;
      timer.order = ++lastOrder;
    } else {
      timers.delete(timer.id);
    }
    timer.callback(...timer.args);
  };

  const arm = () => {
    if (firing || frozen) return;
    machine.clearTimeout(armed);
    const timer = next();
    if (timer === undefined) return;
    if (timer.at <= now()) {
      firing = true;
      machine.setImmediate(fireNext);
    } else if (!time.held) {
      armed = machine.setTimeout(arm, Math.min(timer.at - now(), LONGEST_TIMER_MS));
    }
  };

  const add = (callback: Callback, ms: number | undefined, repeats: boolean, args: readonly unknown[]) => {
    if (typeof callback !== 'function')
      throw new TypeError('The "callback" argument must be of type function');
    const wanted = Number(ms);
    // Node's own rule for what is no delay or too long a one.
    const delay = wanted >= 1 && wanted <= LONGEST_TIMER_MS ? Math.trunc(wanted) : 1;
    const timer: Timer = {
      id: ++lastId,
      callback,
      args,
      ms: delay,
      repeats,
      at: now() + delay,
      order: ++lastOrder,
      ref: true,
    };
    timers.set(timer.id, timer);
    arm();
    return handleOf(timer);
  };

  const clear = (id: number) => {
    timers.delete(id);
  };

  const handleOf = (timer: Timer): VirtualTimeout => {
    const handle: VirtualTimeout = {
      ref: () => {
        timer.ref = true;
        return handle;
      },
      unref: () => {
        timer.ref = false;
        return handle;
      },
      hasRef: () => timer.ref,
      refresh: () => {
        timer.at = now() + timer.ms;
        timer.order = ++lastOrder;
        timers.set(timer.id, timer);
        arm();
        return handle;
      },
      close: () => {
        clear(timer.id);
        return handle;
      },
      [Symbol.toPrimitive]: () => timer.id,
      [Symbol.dispose]: () => clear(timer.id),
    };
    return handle;
  };

  return {
    now,
    setTime: (given) => {
      time = { ...given, machineNow: machine.now() };
      arm();
    },
    freeze: (isFrozen) => {
      frozen = isFrozen;
      arm();
    },
    setTimeout: (callback, ms, ...args) => add(callback, ms, false, args),
    setInterval: (callback, ms, ...args) => add(callback, ms, true, args),
    clear: (handle) => {
      if (handle === undefined || handle === null) return;
      const id = Number(handle);
      if (Number.isInteger(id)) clear(id);
    },
    earliest: (kind) => {
      let earliest: number | undefined;
      for (const timer of timers.values())
        if (timer.ref === (kind === 'ref') && (earliest === undefined || timer.at < earliest))
          earliest = timer.at;
      return earliest;
    },
    get firing() {
      return firing;
    },
    get fired() {
      return fired;
    },
  };
};
