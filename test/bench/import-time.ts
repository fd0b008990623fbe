/** Prints how many milliseconds the import of a module takes in this fresh process: `import-time.ts FILE`. */
import { pathToFileURL } from 'node:url';

const url = pathToFileURL(process.argv[2] ?? '').href;
const startedAt = performance.now();
await import(url);
process.stdout.write(`${performance.now() - startedAt}\n`);
process.exit(); // a client's open handles are of no interest here
