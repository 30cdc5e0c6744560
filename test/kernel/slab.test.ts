import fc from "fast-check";
import { unpack } from "msgpackr";
import { describe, expect, test } from "vitest";
import { readSlab, SlabWriter } from "../../kernel/crossing/slab.ts";

interface Read {
  kind: number;
  number: number;
  body: number[];
}

function read(slab: Uint8Array): Read[] {
  const records: Read[] = [];
  readSlab(slab, (kind, number, body) => records.push({ kind, number, body: [...body] }));
  return records;
}

describe("SlabWriter and readSlab", () => {
  test("a record is its length, its kind, its number and its body", () => {
    const writer = new SlabWriter();
    writer.write(16, 258, new Uint8Array([7, 8]));
    expect([...writer.take()]).toEqual([2, 0, 0, 0, 16, 2, 1, 0, 0, 7, 8]);
  });

  test("text is UTF-8", () => {
    const writer = new SlabWriter();
    writer.writeText(3, 2 ** 32 - 1, "aé€😀");
    expect(read(writer.take())).toEqual([
      { kind: 3, number: 2 ** 32 - 1, body: [...new TextEncoder().encode("aé€😀")] },
    ]);
  });

  test("a batch is one MessagePack array; a record ends it", () => {
    const writer = new SlabWriter();
    writer.batch(0);
    for (const n of [5, 0x40, 300, 70_000, 2 ** 40]) writer.number(n);
    writer.packed(new Uint8Array([9, 9, 0xc3, 9]), 2, 3);
    writer.write(16, 5, new Uint8Array([1]));
    writer.batch(0);
    writer.number(7);
    const [first, record, second] = read(writer.take());
    expect(unpack(new Uint8Array(first!.body))).toEqual([5, 0x40, 300, 70_000, 2 ** 40, true]);
    expect(record).toEqual({ kind: 16, number: 5, body: [1] });
    expect(second).toEqual({ kind: 0, number: 0, body: [0xdd, 0, 0, 0, 1, 7] });
  });

  test("a small slab takes no more memory along than it has bytes, and is not written to afterwards", () => {
    const writer = new SlabWriter();
    writer.write(16, 1, new Uint8Array([7, 8]));
    const taken = writer.take();
    writer.write(16, 2, new Uint8Array([9]));
    expect(taken.buffer.byteLength).toBe(11);
    expect(read(taken)).toEqual([{ kind: 16, number: 1, body: [7, 8] }]);
    expect(read(writer.take())).toEqual([{ kind: 16, number: 2, body: [9] }]);
  });

  test("what is written comes out again, in order, of any size, slab after slab", () => {
    const record = fc.record({
      kind: fc.nat({ max: 255 }),
      number: fc.nat(),
      body: fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ minLength: 5000, maxLength: 9000 })),
    });
    fc.assert(
      fc.property(fc.array(fc.array(record, { maxLength: 8 }), { maxLength: 3 }), (slabs) => {
        const writer = new SlabWriter();
        const taken = slabs.map((records) => {
          for (const { kind, number, body } of records) writer.write(kind, number, body);
          return writer.take();
        });
        for (const [i, slab] of taken.entries()) {
          expect(read(slab)).toEqual(slabs[i]!.map(({ kind, number, body }) => ({ kind, number, body: [...body] })));
        }
      }),
      { numRuns: 40 },
    );
  });
});
