import { OptionDefaults } from "typedoc";

/** @type {Partial<import("typedoc").TypeDocOptions>} */
export default {
  name: "ntt-auth-client",
  entryPoints: [
    "src/index.ts",
    "src/server/index.ts",
    "src/express.ts",
    "src/fastify.ts",
    "src/hono.ts",
    "src/next.ts",
    "src/react.tsx",
    "src/testing/index.ts",
  ],
  out: "docs",
  tsconfig: "tsconfig.build.json",
  readme: "README.md",
  includeVersion: true,
  excludeInternal: true,
  excludePrivate: true,
  treatWarningsAsErrors: true,
  // Also where the sources are no clone, or one without a remote.
  disableGit: true,
  sourceLinkTemplate: "https://github.com/ntt-auth/ntt-auth/blob/main/sdks/typescript/src/{path}#L{line}",
  // Types that have names only to be written once.
  intentionallyNotExported: ["Schemas", "QueryOf", "Classes", "Newer"],
  // The types of the API tell with it what a member is.
  blockTags: [...OptionDefaults.blockTags, "@description"],
};
