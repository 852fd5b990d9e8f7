import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    testTimeout: 60_000,
    // Hooks synthesize the template, which takes more than a minute where much else is at work. It ends what hangs, and measures nothing.
    hookTimeout: 180_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'parts',
          // One more than the processors of a small machine: a third of what the tests take is waiting for processes and clocks.
          maxWorkers: 3,
          include: ['test/**/*.test.ts'],
          exclude: ['node_modules/**', 'test/e2e/**'],
        },
      },
      {
        extends: true,
        // Each worker has a runtime, and gives it to one file after the other: a stop stops everything there.
        test: {
          name: 'e2e',
          maxWorkers: 2,
          include: ['test/e2e/**/*.test.ts'],
          globalSetup: ['test/e2e/setup.ts'],
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
