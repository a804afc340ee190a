"use server";
import { redirect } from "next/navigation";
import { isAuthError } from "ntt-auth-client";
import { auth } from "../../auth.js";

export async function signIn(_before, form) {
  try {
    await auth.login({ email: form.get("email"), password: form.get("password") });
  } catch (error) {
    if (!isAuthError(error)) throw error;
    return error.code === "invalid_credentials" ? "Email address or password is wrong." : error.title;
  }
  redirect(pathOf(form.get("next")));
}

export async function signOut() {
  await auth.logout();
  redirect("/");
}

/** A path of this application: whoever sends somebody a link to sign in does not choose another site to end at. */
function pathOf(next) {
  const url = new URL(String(next), "http://here.invalid");
  return url.host === "here.invalid" ? url.pathname + url.search : "/account";
}
