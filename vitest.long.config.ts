import { defineConfig } from 'vitest/config';

/** What takes minutes: whole gigabytes, thousands of fragments, packaging again and again. One file after the other, so that memory can be measured. */
export default defineConfig({
  test: {
    include: ['tests/**/*.long.ts'],
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    testTimeout: 1_800_000,
    hookTimeout: 60_000,
    fileParallelism: false,
  },
});
