import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    // A slow machine must not turn a right answer into a failure: limits are for what hangs.
    // The default leaves one core to the developer; a machine with two would work with half of itself.
    maxWorkers: '100%',
    // Files share their worker's modules: half of the suite's time was spent loading the same SDK again and again. So no test
    // may leave a changed global behind (environment, timers, listeners), which is a good rule anyway.
    isolate: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
