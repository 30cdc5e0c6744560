/** The scheduler threads of the runtime, as `serve` starts them: not public by themselves, so found beside what is. */
const url = new URL("./threads/schedulers.js", import.meta.resolve("lintel/kernel"));
const { Schedulers } = (await import(url.href)) as typeof import("../../../kernel/threads/schedulers.ts");

export { Schedulers };
