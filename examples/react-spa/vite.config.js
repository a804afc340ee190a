import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// `localhost` by name: browsers take cookies of the server there without TLS, and give them to pages of the same site alone.
export default defineConfig({
  plugins: [react()],
  server: { host: "localhost" },
  preview: { host: "localhost" },
});
