import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** Suites against servers that others wrote. `npm run test:real` starts the servers and says which suites it means. */
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: ['tests/real/**/*.real.ts', 'tests/contract/**/*.test.ts', 'tests/s3/*.test.ts'],
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    // A slow machine must not turn a right answer into a failure: limits are for what hangs.
    testTimeout: 600_000,
    hookTimeout: 300_000,
    fileParallelism: false,
  },
});
