/**
 * The binary encoding of frames, for pages that count bytes: about half of the text's before compression, for 5.5 KB
 * of script. An entry of its own, so that only who imports it carries it.
 *
 * @example
 * import { msgpack } from "lintel/client/msgpack";
 * new LiveSocket("/live", { params, encoding: msgpack }).connect();
 */
import { Unpackr } from "msgpackr/unpack";
import type { BinaryEncoding } from "./frame.ts";

const unpackr = new Unpackr({ useRecords: true });

export const msgpack: BinaryEncoding = {
  name: "msgpack",
  decode: (bytes) => unpackr.unpack(bytes) as unknown,
};
