// For workerd, which has no arguments: they come with the request.
import { smoke } from "./smoke.mjs";

export default {
  async fetch(request) {
    try {
      return new Response(await smoke(...(await request.json())));
    } catch (error) {
      return new Response(`${error.stack}`, { status: 500 });
    }
  },
};
