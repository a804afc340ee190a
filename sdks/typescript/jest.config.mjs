/** @type {import("jest").Config} */
export default {
  testEnvironment: "node",
  testMatch: ["<rootDir>/test/**/*.test.{ts,tsx}"],
  transform: {
    "\\.[jt]sx?$": [
      "@swc/jest",
      {
        jsc: {
          target: "es2022",
          parser: { syntax: "typescript", tsx: true },
          transform: { react: { runtime: "automatic" } },
        },
      },
    ],
  },
  moduleNameMapper: { "^(\\.{1,2}/.*)\\.js$": "$1" },
  transformIgnorePatterns: ["/node_modules/(?!(jose|hono|@hono)/)"],
  maxWorkers: 2,
  testTimeout: 20_000,
  coverageProvider: "v8",
  // The types of the API are no code.
  collectCoverageFrom: ["src/**/*.{ts,tsx}", "!src/core/openapi.ts", "!src/core/types.ts"],
  coverageReporters: ["text", "lcov"],
  coverageThreshold: { global: { lines: 90 } },
};
