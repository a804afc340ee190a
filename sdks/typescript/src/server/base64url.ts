const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Whether a text is base64url without padding (RFC 7515 § 2), its unused bits zero. */
export function isBase64url(text: string): boolean {
  if (!/^[\w-]*$/.test(text) || text.length % 4 === 1) return false;
  const unused = { 2: 0b1111, 3: 0b11 }[text.length % 4] ?? 0;
  return (ALPHABET.indexOf(text.at(-1) ?? "A") & unused) === 0;
}

/** The octets of such a text; `null` for any other. */
export function decode(text: string): Uint8Array<ArrayBuffer> | null {
  if (!isBase64url(text)) return null;
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  const octets = new Uint8Array(binary.length);
  for (let at = 0; at < octets.length; at++) octets[at] = binary.charCodeAt(at);
  return octets;
}
