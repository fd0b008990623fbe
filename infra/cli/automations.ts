import { InvalidArgumentError } from 'commander';
import { automations } from '../../functions/index.ts';
import type { AutomationId } from '../../shared/core/verdict.ts';

export const automationIds: readonly AutomationId[] = automations.map(({ id }) => id);

/** For commander: an option that names an automation. */
export const parseAutomation = (text: string): AutomationId => {
  const id = automationIds.find((known) => known === text);
  if (id === undefined) throw new InvalidArgumentError(`Known are ${automationIds.join(', ')}.`);
  return id;
};
