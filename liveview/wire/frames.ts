/**
 * Frames that the server writes, as text that is ready to send. Trees and diffs come as JSON text already, so nothing
 * is built as an object and serialised again. `status` stands before `response`, as the reference writes it.
 */

/** `["4","9","lv:x","phx_reply",{"status":"ok","response":RESPONSE}]` */
export function replyFrame(
  joinRef: string | null,
  ref: string | null,
  topic: string,
  status: "ok" | "error",
  responseJson: string,
): string {
  const [head, tail] = replyAround(joinRef, topic, status);
  return `${head}${jsonText(ref)}${tail}${responseJson}}]`;
}

/** What stands before a reply's ref, and between that and its response: for who replies often. `}]` ends it. */
export function replyAround(
  joinRef: string | null,
  topic: string,
  status: "ok" | "error",
): [head: string, tail: string] {
  return [`[${jsonText(joinRef)},`, `,${jsonText(topic)},"phx_reply",{"status":"${status}","response":`];
}

/** `["4",null,"lv:x","diff",PAYLOAD]` */
export function pushFrame(joinRef: string | null, topic: string, event: string, payloadJson: string): string {
  return `[${jsonText(joinRef)},null,${jsonText(topic)},${jsonText(event)},${payloadJson}]`;
}

/** The channel ended for good: the client does not join again. */
export function closeFrame(joinRef: string, topic: string): string {
  return `[${jsonText(joinRef)},${jsonText(joinRef)},${jsonText(topic)},"phx_close",{}]`;
}

/** The channel crashed: the client joins again. */
export function errorFrame(joinRef: string, topic: string): string {
  return `[${jsonText(joinRef)},${jsonText(joinRef)},${jsonText(topic)},"phx_error",{}]`;
}

/** A string as JSON; most are short and plain. */
export function jsonText(value: string | null): string {
  return value === null ? "null" : plain.test(value) ? `"${value}"` : JSON.stringify(value);
}

const plain = /^[\w:.-]*$/;
