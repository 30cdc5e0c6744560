/** What a process is at, and how soon it gets its turn. The drawing of what follows what is in process.ts. */

export const idle = 0;
export const queued = 1;
export const running = 2;
export const awaiting = 3;
/** Waits in `receive`, and is in the run queue because something came. */
export const receiving = 4;
export const exited = 5;
export type Status = typeof idle | typeof queued | typeof running | typeof awaiting | typeof receiving | typeof exited;

/** A process's level in the run queue, by `priority`. */
export const priorityLevels = { low: 0, normal: 1, high: 2, max: 3 } as const;
export type Priority = keyof typeof priorityLevels;
export type PriorityLevel = (typeof priorityLevels)[Priority];
