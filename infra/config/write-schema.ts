import { writeFileSync } from 'node:fs';
import { renderJsonSchema } from './schema.ts';

// Run after a change of a schema: node infra/config/write-schema.ts
writeFileSync(new URL('./caretaker.schema.json', import.meta.url), renderJsonSchema());
