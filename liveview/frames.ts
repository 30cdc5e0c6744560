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
  return `[${text(joinRef)},${text(ref)},${text(topic)},"phx_reply",{"status":"${status}","response":${responseJson}}]`;
}

/** `["4",null,"lv:x","diff",PAYLOAD]` */
export function pushFrame(joinRef: string | null, topic: string, event: string, payloadJson: string): string {
  return `[${text(joinRef)},null,${text(topic)},${text(event)},${payloadJson}]`;
}

/** The channel ended for good: the client does not join again. */
export function closeFrame(joinRef: string, topic: string): string {
  return `[${text(joinRef)},${text(joinRef)},${text(topic)},"phx_close",{}]`;
}

/** The channel crashed: the client joins again. */
export function errorFrame(joinRef: string, topic: string): string {
  return `[${text(joinRef)},${text(joinRef)},${text(topic)},"phx_error",{}]`;
}

/** A string as JSON; most are short and plain. */
function text(value: string | null): string {
  return value === null ? "null" : plain.test(value) ? `"${value}"` : JSON.stringify(value);
}

const plain = /^[\w:.-]*$/;
