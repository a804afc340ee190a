import { TestEnvironment } from "jest-environment-jsdom";

/** jsdom with what browsers have besides, and Node has, too. */
export default class extends TestEnvironment {
  async setup() {
    await super.setup();
    Object.assign(this.global, {
      fetch,
      Headers,
      Request,
      Response,
      ReadableStream,
      TextDecoder,
      TextEncoder,
    });
    this.global.IS_REACT_ACT_ENVIRONMENT = true;
  }
}
