import { NextAuth } from "ntt-auth-client/next";

export const auth = new NextAuth(process.env.NTT_AUTH_URL ?? "http://127.0.0.1:8080", {
  feedToken: process.env.NTT_AUTH_FEED_TOKEN,
});
