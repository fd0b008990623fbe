/** The suites that hold us against systems of others: `npm run test:contract`. As jest.config.js otherwise. */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/test/counterparts'],
  testMatch: ['**/*.contract.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      { swcrc: false, jsc: { target: 'es2024', parser: { syntax: 'typescript' } }, module: { type: 'es6' } },
    ],
  },
  maxWorkers: 2,
  testTimeout: 120_000,
};
