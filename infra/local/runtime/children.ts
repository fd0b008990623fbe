import type { ChildProcess } from 'node:child_process';

const children = new Set<ChildProcess>();
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const killAll = () => {
  for (const child of children) child.kill('SIGKILL');
};

/** A child that computes without end would not notice that its parent is gone. */
const onSignal = (signal: NodeJS.Signals) => {
  killAll();
  stopListening();
  // Whoever else listens decides what becomes of this process; if nobody does, the signal ends it as usual.
  if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
};

const listen = () => {
  process.on('exit', killAll);
  for (const signal of SIGNALS) process.on(signal, onSignal);
};

const stopListening = () => {
  process.off('exit', killAll);
  for (const signal of SIGNALS) process.off(signal, onSignal);
};

/** Sees to it that the child ends with this process, however that ends. */
export const endWithParent = (child: ChildProcess): void => {
  if (children.size === 0) listen();
  children.add(child);
  child.once('exit', () => {
    children.delete(child);
    if (children.size === 0) stopListening();
  });
};
