/** How long does it take to find a process by its name? Rivals: an ETS table with binary keys, and `whereis` for atoms. */
import type { Pid } from "lintel/kernel";
import { expectEqual, type Measurement, nowNs, nsEach } from "../program.ts";
import { newKernel } from "./support.ts";

const registered = 10_000;

export const names: Measurement = async (size, repeats) => {
  const kernel = newKernel();
  const pids: Pid[] = [];
  for (let i = 0; i < registered; i++) {
    pids.push(kernel.spawn({ label: "named", handle: () => {} }, undefined, { name: `user:${i}` }));
  }
  // Strings made anew, as they come from a request, and in no order.
  const keys = Array.from({ length: registered }, (_, i) => Buffer.from(`user:${(i * 7919) % registered}`).toString());
  const each = await nsEach(
    async (size) => {
      let found = 0;
      const begun = nowNs();
      for (let i = 0; i < size; i++) found += kernel.names.whereis(keys[i % registered]!)!.serial;
      const ended = nowNs();
      let expected = 0;
      for (let i = 0; i < size; i++) expected += pids[(i * 7919) % registered]!.serial;
      expectEqual("serials", found, expected);
      return ended - begun;
    },
    size,
    repeats,
  );
  kernel.close();
  return { names: each, "names-atom": each };
};
