import { test } from "vitest";
import { Grove } from "../support/grove.ts";
test("debug", async () => {
  const grove = new Grove(Number(process.env["SEED"]));
  (grove as any).debug = true;
  await grove.play();
});
