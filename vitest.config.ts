import { defineConfig } from "vitest/config";

/**
 * unit   the .ts sources, in parallel, quick
 * real   real threads, processes, sockets and browsers over the built dist/: one file at a time
 */
export default defineConfig({
  test: {
    maxWorkers: 2, // by itself it would take one on two cores
    projects: [
      {
        test: {
          name: "unit",
          sequence: { groupOrder: 0 },
          include: ["test/**/*.test.ts"],
          exclude: ["test/e2e/**", "test/laws/**", "test/threads/**", "test/wire/**", "test/docs/**"],
          setupFiles: ["test/support/seeded.ts"],
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: "real",
          sequence: { groupOrder: 1 }, // after the others: its time bounds want a quiet machine
          include: [
            "test/e2e/**/*.test.ts",
            "test/laws/**/*.test.ts",
            "test/threads/**/*.test.ts",
            "test/wire/**/*.test.ts",
            "test/docs/**/*.test.ts",
          ],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          pool: "forks",
          fileParallelism: false,
        },
      },
    ],
  },
});
