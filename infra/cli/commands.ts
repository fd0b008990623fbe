import { registerBuild } from './commands/build.ts';
import { registerDoctor } from './commands/doctor.ts';
import { registerJournal } from './commands/journal.ts';
import { registerLocal } from './commands/local.ts';
import { registerMode } from './commands/mode.ts';
import { registerRbac } from './commands/rbac.ts';
import { registerSchedule } from './commands/schedule.ts';
import { registerUpgrade } from './commands/upgrade.ts';
import type { RegisterCommand } from './context.ts';

/** Every command, in the order in which the help lists them. */
export const commands: readonly RegisterCommand[] = [
  registerBuild,
  registerRbac,
  registerDoctor,
  registerSchedule,
  registerUpgrade,
  registerMode,
  registerJournal,
  registerLocal,
];
