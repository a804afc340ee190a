/** An object as it was written: its members, and the texts of the numbers among them. */
export interface StrictObject {
  readonly members: Readonly<Record<string, unknown>>;
  /** As they stand there: `1e3` and `1000.0` are told from `1000`. */
  readonly numbers: ReadonlyMap<string, string>;
}

const DEEPEST = 127;
const TOKENS = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|[{}[\]:,]/g;

/**
 * Reads one JSON object in UTF-8; `null` if the bytes are none, or if a name occurs twice in an object at any depth, because two
 * readers may each believe another one of them.
 */
export function strictObject(bytes: Uint8Array): StrictObject | null {
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  const numbers = scan(text);
  return numbers && { members: value as Record<string, unknown>, numbers };
}

// The text is known to be JSON, so only nesting and names need be followed.
function scan(text: string): Map<string, string> | null {
  const numbers = new Map<string, string>();
  const open: (Set<string> | null)[] = [];
  let before = "";
  let name = "";
  for (const [token] of text.matchAll(TOKENS)) {
    const names = open.at(-1);
    if (open.length > DEEPEST) return null;
    if (token === "{") open.push(new Set());
    else if (token === "[") open.push(null);
    else if (token === "}" || token === "]") open.pop();
    else if (names && token.startsWith('"') && before !== ":") {
      name = JSON.parse(token) as string;
      if (names.has(name)) return null;
      names.add(name);
    } else if (before === ":" && open.length === 1 && !token.startsWith('"')) numbers.set(name, token);
    before = token;
  }
  return numbers;
}
