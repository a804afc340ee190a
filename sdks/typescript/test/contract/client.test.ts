import { describe, test } from "@jest/globals";
import clock from "../../../contract/clock.json" with { type: "json" };
import errors from "../../../contract/errors.json" with { type: "json" };
import operations from "../../../contract/operations.json" with { type: "json" };
import refresh from "../../../contract/refresh.json" with { type: "json" };
import retries from "../../../contract/retries.json" with { type: "json" };
import { replay } from "./client_runner.js";
import type { ClientCase } from "./format.js";

const FILES = { operations, errors, retries, refresh, clock };

for (const [name, file] of Object.entries(FILES)) {
  describe(`contract: ${name}`, () => {
    for (const given of file.cases as unknown as readonly ClientCase[]) {
      if (given.only && !given.only.includes("typescript")) continue;
      test(given.name, () => replay(given));
    }
  });
}
