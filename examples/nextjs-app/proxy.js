import { auth } from "./auth.js";

export const proxy = auth.middleware({ protect: ["/account"] });

export const config = { matcher: ["/((?!_next|favicon.ico).*)"] };
