// Lintel in one import. The rooms have entries of their own: lintel/kernel, lintel/supervisor, lintel/liveview.

export * from "./kernel/index.ts";
export * from "./liveview/index.ts";
export * from "./supervisor/index.ts";
