import own from './jest.config.js';

/** The suites that hold us against systems of others: `npm run test:contract`. */
export default {
  ...own,
  roots: ['<rootDir>/test/counterparts'],
  testMatch: ['**/*.contract.ts'],
  testTimeout: 120_000,
};
