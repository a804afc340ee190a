import { throwIfAborted } from "./clock.js";

/** An event of a stream (WHATWG HTML § 9.2). */
export interface ServerSentEvent {
  /** Its type; `message` if it names none. */
  readonly event: string;
  /** The place to go on from; `""` to begin anew, `null` if the event names none. */
  readonly id: string | null;
  readonly data: string;
  /** How long to wait before connecting again, in milliseconds, if the event says so. */
  readonly retry?: number;
}

/**
 * Reads events from a stream of bytes, however they are cut. An event that is not ended is none. When the signal is aborted, its
 * reason is thrown; leaving the loop lets go of the stream.
 */
export async function* events(
  body: ReadableStream<Uint8Array>,
  signal?: AbortSignal,
): AsyncGenerator<ServerSentEvent, void, undefined> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let lines: string[] = [];
  let rest = "";
  let afterReturn = false;
  const stop = (): void => void reader.cancel().catch(() => {});
  signal?.addEventListener("abort", stop);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      throwIfAborted(signal);
      if (done) return;
      let text = decoder.decode(value, { stream: true });
      // The LF of a CRLF that was cut in two.
      if (afterReturn && text.startsWith("\n")) text = text.slice(1);
      afterReturn = text.endsWith("\r");
      const whole = (rest + text).split(/\r\n|\r|\n/);
      rest = whole.pop() ?? "";
      for (const line of whole) {
        if (line !== "") lines.push(line);
        else {
          const event = parse(lines);
          lines = [];
          if (event) yield event;
        }
      }
    }
  } finally {
    signal?.removeEventListener("abort", stop);
    stop();
  }
}

function parse(lines: readonly string[]): ServerSentEvent | null {
  const fields: Partial<Record<string, string>> = {};
  const data: string[] = [];
  for (const line of lines) {
    const [, name = "", value = ""] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
    if (name === "data") data.push(value);
    else fields[name] = value;
  }
  if (data.length === 0) return null;
  const { event = "message", id = null, retry } = fields;
  return { event, id, data: data.join("\n"), ...(retry && { retry: Number(retry) }) };
}
