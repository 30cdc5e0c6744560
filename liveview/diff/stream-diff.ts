/**
 * Streams in the diff: pending inserts are written in full, and then neither side of the wire keeps them.
 *
 *   {"k":{"0":{"0":"m11","1":"hello"},"kc":1},"stream":["0",[["m11",-1,-50,false]],["m3"]]}
 *         inserted entries, from 0         ref, [DOM id, at, limit, update only], deleted DOM ids, reset
 *
 * Only the list's own statics are kept by the client, and only as long as the stream stays at its place.
 */

import type { StreamList } from "../template/each.ts";
import type { Template } from "../template/template.ts";
import { jsonKey } from "./json-keys.ts";
import { commonTemplate, mixedStatics, placeEntry, strideOf } from "./list-diff.ts";
import type { Pass } from "./pass.ts";
import type { Stream } from "./stream.ts";
import { streamEntries } from "./stream-entries.ts";

/** A stream as the client has it: the statics of its items. One that had no operation yet is "". */
export class StreamNode {
  /** Null: mixed, as for lists. */
  template: Template | null = null;
}

/** Puts a stream into a cell of the template `owner`. Returns its JSON. */
export function placeStream(
  pass: Pass,
  owner: Template,
  hole: number,
  cells: unknown[],
  at: number,
  list: StreamList,
): string {
  requireContainer(owner, hole, list);
  const ref = pass.show(list.stream);
  if (!list.stream.hasPending) {
    cells[at] = "";
    return '""';
  }
  const node = new StreamNode();
  cells[at] = node;
  return writeStream(pass, owner, hole, ref, node, list, true);
}

/** Writes what is pending of a stream that the client has at this place. Returns its JSON, or "". */
export function patchStream(pass: Pass, owner: Template, hole: number, node: StreamNode, list: StreamList): string {
  const ref = pass.show(list.stream);
  if (!list.stream.hasPending) return "";
  pass.changes++;
  return writeStream(pass, owner, hole, ref, node, list, false);
}

function writeStream(
  pass: Pass,
  owner: Template,
  hole: number,
  ref: string,
  node: StreamNode,
  list: StreamList,
  isNew: boolean,
): string {
  const entries = streamEntries(owner, hole, list);
  // A message without entries leaves the statics as they are.
  const template = entries.length === 0 ? node.template : commonTemplate(entries);
  const scratch = new Array<unknown>(strideOf(template));
  let statics = "";
  if (isNew || template !== node.template) {
    statics = `"s":${template === null ? mixedStatics : pass.statics(template)},`;
  }
  const opened = pass.openList();
  const { inStream } = pass;
  pass.inStream = true;
  let members = "";
  for (let i = 0; i < entries.length; i++) {
    members += `${jsonKey(i)}${placeEntry(pass, owner, hole, template, scratch, 0, entries[i])},`;
  }
  pass.inStream = inStream;
  node.template = template;
  const wire = `{"k":{${members}"kc":${entries.length}},${statics}"stream":${operations(ref, list.stream)}}`;
  return pass.closeList(opened, wire);
}

/** @throws {TemplateError} when the client could not tell what belongs to the stream */
export function requireContainer(owner: Template, hole: number, { stream }: StreamList): void {
  if (owner.holes[hole]!.inStream !== false) return;
  const sentence = `stream "${stream.name}" must stand directly in an element with phx-update="stream" and an id`;
  throw owner.errorAt(hole, sentence);
}

function operations(ref: string, stream: Stream<unknown>): string {
  const inserts: [string, number, number | null, boolean][] = [];
  for (const { domId, at, limit, updateOnly } of stream.inserts) inserts.push([domId, at, limit, updateOnly]);
  const deletes = [...stream.deletes];
  return JSON.stringify(stream.isReset ? [ref, inserts, deletes, true] : [ref, inserts, deletes]);
}
