// What a person does, in a browser and beside it.

/** Fills in the form that the page shows, and sends it. */
export async function signIn(page, email, password) {
  await page.getByLabel("Email").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

/** Signs in elsewhere and signs out everywhere; returns when that was acknowledged, in milliseconds since 1970. */
export async function revokeAll(auth, email, password) {
  const { accessToken } = await (await post(`${auth}/api/v1/auth/login`, { email, password })).json();
  const ended = await post(`${auth}/api/v1/auth/logout-all`, undefined, accessToken);
  if (ended.status !== 204) throw new Error(`signing out everywhere was answered ${ended.status}`);
  return Date.now();
}

/** What was seen, without the complaints about answers that were asked for: browsers write each 401 to the console. */
export function json({ complaints, ...seen }) {
  const expected = /status of 40[13]|net::ERR_ABORTED/;
  return JSON.stringify({ ...seen, complaints: complaints.filter((complaint) => !expected.test(complaint)) });
}

async function post(url, body, bearer) {
  const headers = {
    "Content-Type": "application/json",
    ...(bearer && { Authorization: `Bearer ${bearer}` }),
  };
  return fetch(url, { method: "POST", headers, ...(body && { body: JSON.stringify(body) }) });
}
