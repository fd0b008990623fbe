/** Circus runs the tests; the sources are loaded by Node itself (test/runner). */
export default {
  testEnvironment: 'node',
  testRunner: '<rootDir>/test/runner/main.ts',
  testSequencer: '<rootDir>/test/runner/sequencer.ts',
  injectGlobals: false,
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  transform: {},
  maxWorkers: 2,
  testTimeout: 60_000,
};
