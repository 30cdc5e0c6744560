/** What the programs for our own kernel share. */
import { type Behaviour, Kernel, type KernelOptions, type Process } from "lintel/kernel";

/** A kernel with the defaults, whose reports are made and then thrown away. */
export function newKernel(options: KernelOptions = {}): Kernel {
  return new Kernel({ report: () => {}, ...options });
}

/** A promise, and what settles it. */
export function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

/** Runs the function in a process of its own. A throw is the caller's to see. */
export function inProcess<T>(kernel: Kernel, run: (self: Process) => T | Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    kernel.spawn(async (self) => {
      try {
        resolve(await run(self));
      } catch (thrown) {
        reject(thrown);
      }
    });
  });
}

/**
 * Lets behaviours of a dozen different classes run, so that the kernel's calls of `handle` are as megamorphic as they
 * are in a program, and not inlined as they would be in a benchmark.
 */
export async function mixBehaviours(): Promise<void> {
  const kernel = newKernel();
  const done = deferred<void>();
  const rounds = 2_000;
  let left = 12;
  for (let i = 0; i < 12; i++) {
    const behaviour = new (makeClass(i))(() => {
      left -= 1;
      if (left === 0) done.resolve();
    }, rounds);
    const pid = kernel.spawn(behaviour);
    kernel.send(pid, { tag: "next", n: i });
  }
  await done.promise;
  kernel.close();
}

/** A class that is no other's: V8 keeps a map for each. */
function makeClass(i: number): new (finished: () => void, rounds: number) => Behaviour {
  return class implements Behaviour {
    readonly label = `behaviour ${i}`;
    readonly [key: `field${number}`]: number;
    readonly #finished: () => void;
    readonly #rounds: number;

    constructor(finished: () => void, rounds: number) {
      this.#finished = finished;
      this.#rounds = rounds;
      Object.assign(this, { [`field${i}`]: i });
    }

    handle(self: Process, message: unknown): void {
      const { n } = message as { n: number };
      if (n >= this.#rounds) this.#finished();
      else self.send(self.pid, { tag: "next", n: n + 1 });
    }
  };
}
