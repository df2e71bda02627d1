import { defineConfig } from 'vitest/config'

const project = (name: string, timeoutMs = 30_000) => ({
  test: {
    name,
    include: [`${name}/test/**/*.test.{ts,tsx}`],
    testTimeout: timeoutMs,
    hookTimeout: timeoutMs,
  },
})

export default defineConfig({
  test: {
    projects: [
      project('engine', 120_000),
      project('sdk'),
      project('node', 60_000),
      project('indexer', 60_000),
      project('web', 60_000),
      {
        test: {
          name: 'test',
          include: ['test/**/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
    ],
    maxWorkers: 2,
  },
})
