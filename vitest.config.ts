import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    globalSetup: ['tests/build.ts'],
    testTimeout: 60_000,
    // Two workers: the smallest machine the suite is meant for has two cores.
    maxWorkers: 2,
  },
})
