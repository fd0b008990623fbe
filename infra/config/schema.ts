import * as z from 'zod/mini';
import { configSchema } from '../../functions/index.ts';

/** The JSON Schema of caretaker.yaml for editors, as `caretaker.schema.json` holds it. */
export const configJsonSchema = (): object => ({
  ...z.toJSONSchema(configSchema, { io: 'input', target: 'draft-7' }),
  title: 'caretaker.yaml',
});

export const renderJsonSchema = (): string => `${JSON.stringify(configJsonSchema(), null, 2)}\n`;
