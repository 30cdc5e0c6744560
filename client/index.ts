/**
 * lintel/client: the browser's side of live views.
 */

// The page's live views
export type { Backoff } from "./backoff.ts";
// Encodings
export type { BinaryEncoding, Encoding } from "./frame.ts";
// Forms
export { isUsedInput } from "./forms.ts";
export type { LiveSocketOptions, Params } from "./live-socket.ts";
export { LiveSocket, version } from "./live-socket.ts";
