/**
 * What must compile, and what must not, of registries and process groups. Checked by `tsc` as part of `npm test`; nothing
 * here runs. A line under `@ts-expect-error` that does compile is an error.
 */
import {
  type Entry,
  type GroupMessage,
  genServer,
  type Kernel,
  noreply,
  type Pid,
  type Process,
  type ProtocolOf,
  processGroups,
  registry,
  reply,
  type UniqueRegistry,
} from "../../kernel/index.ts";

declare const kernel: Kernel;
declare const self: Process;

const Room = genServer({
  init: () => ({ guests: 0 }),
  calls: { guests: (state) => reply(state.guests, state) },
  casts: { enter: (state, by: number) => noreply({ guests: state.guests + by }) },
});
type RoomProtocol = ProtocolOf<typeof Room>;

// Keys and values are those of the definition.
const Numbers = registry<string, number>({ name: "numbers", keys: "duplicate" });
Numbers.register(self, "one", 1);
// @ts-expect-error a value is missing
Numbers.register(self, "one");
// @ts-expect-error the value is a number
Numbers.register(self, "one", "1");
// @ts-expect-error the key is a string
Numbers.lookup(kernel, 1);
const sum: number = Numbers.lookup(kernel, "one").reduce((total, { value }) => total + value, 0);
Numbers.dispatch(kernel, "one", ([first]) => {
  const value: number = first.value;
  return value;
});
// @ts-expect-error keys are duplicate: there are no addresses
Numbers.via("one");
// @ts-expect-error keys are duplicate: whose value?
Numbers.updateValue(self, "one", (n: number) => n + 1);
// @ts-expect-error nothing but unique and duplicate
registry({ name: "x", keys: "ordered" });
// @ts-expect-error objects are compared by their place in memory
registry<{ room: string }>({ name: "x", keys: "unique" });

// A predicate narrows.
type Shape = { readonly kind: "circle"; readonly r: number } | { readonly kind: "square"; readonly a: number };
type Circle = Extract<Shape, { kind: "circle" }>;
const Shapes = registry<readonly [layer: string, n: number], Shape>({ name: "shapes", keys: "unique" });
const isCircle = (
  entry: Entry<readonly [layer: string, n: number], Shape>,
): entry is Entry<readonly [layer: string, n: number], Circle> => entry.value.kind === "circle";
const radii: number[] = Shapes.select(kernel, isCircle).map(({ value }) => value.r);
const radius: number | undefined = Shapes.match(kernel, ["top", 1], isCircle)[0]?.value.r;
const updated: Shape | undefined = Shapes.updateValue(self, ["top", 1], (shape) => shape)?.value;
// @ts-expect-error a key is a layer and a number
Shapes.whereis(kernel, ["top"]);

// An address carries the protocol.
const Rooms = registry<string, undefined, RoomProtocol>({ name: "rooms", keys: "unique" });
const guests: Promise<number> = kernel.call(Rooms.via("lobby"), "guests");
kernel.cast(Rooms.via("lobby"), "enter", 2);
// @ts-expect-error there is no such call
kernel.call(Rooms.via("lobby"), "gests");
// @ts-expect-error enter takes a number
kernel.cast(Rooms.via("lobby"), "enter", "2");
const lobby: Pid<RoomProtocol> | undefined = Rooms.whereis(self, "lobby");
self.monitor(Rooms.via("lobby"));
self.sendAfter(10, "x", Rooms.via("lobby"));

// A process is started under an address with its value, and under none without.
await Room.start(kernel, undefined, { name: Rooms.via("lobby") });
self.spawn(() => {}, undefined, { name: Shapes.via(["top", 1], { kind: "circle", r: 1 }) });
self.send(Shapes.via(["top", 1]), "hello");
// @ts-expect-error the value is missing
self.spawn(() => {}, undefined, { name: Shapes.via(["top", 1]) });

const locked: Promise<number> = Rooms.lock(self, "lobby", async () => 1);
const anyOfThem: UniqueRegistry<string, undefined, RoomProtocol> = Rooms;

// Groups, too.
const Jobs = processGroups<"resize" | "mail", RoomProtocol>("jobs");
const members: Pid<RoomProtocol>[] = Jobs.getMembers(kernel, "resize");
const groups: ("resize" | "mail")[] = Jobs.whichGroups(self);
Jobs.join(self, "mail", members);
// @ts-expect-error there is no such group
Jobs.join(self, "print");
const watch: { members: Pid<RoomProtocol>[] } = Jobs.monitor(self, "mail");
declare const news: GroupMessage<"resize" | "mail", RoomProtocol>;
if (news.type === "join") kernel.cast(news.pids[0]!, "enter", 1);

export { anyOfThem, groups, guests, lobby, locked, radii, radius, sum, updated, watch };
