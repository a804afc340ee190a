import { auth } from "../../../auth.js";

export const GET = auth.route((_request, principal) =>
  Response.json({ owner: principal.userId, notes: ["Buy milk"] }),
);

export const DELETE = auth.route(() => new Response(null, { status: 204 }), { role: "admin" });
