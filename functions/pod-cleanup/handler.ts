import { createHandler } from '../../shared/runtime/chain.ts';
import { createContext } from '../../shared/runtime/context.ts';
import { parseTick } from '../../shared/runtime/tick.ts';
import { podCleanupSchema } from './config.ts';
import { runPodCleanup } from './run.ts';

const context = createContext({
  automation: 'pod-cleanup',
  sectionName: 'podCleanup',
  schema: podCleanupSchema,
});

export const handler = createHandler(context, {
  parse: parseTick,
  run: (tick, call) => runPodCleanup(context, tick, call),
});
