%% The BEAM's program for the items of ../items.ts: what each measures, in processes that do what ../lintel/ does.
-module(bench).
-behaviour(gen_server).
-export([measure/3, idle/0, init/1, handle_call/3, handle_cast/2, start_child/1]).
-import(program, [now_ns/0, ns_each/3, per_second/3, percentile/2, run/1]).

measure(spawn, Size, Repeats) ->
    [{"spawn", ns_each(fun spawn_idle/1, Size, Repeats)}];
measure(memory, Size, _) ->
    erlang:garbage_collect(),
    Before = rss(),
    Pids = [spawn(?MODULE, idle, []) || _ <- lists:seq(1, Size)],
    timer:sleep(500),
    After = rss(),
    {memory, Bytes} = process_info(hd(Pids), memory),
    [{"memory-rss", (After - Before) / Size}, {"memory-heap", Bytes}];
measure('spawn-exit', Size, Repeats) ->
    [{"spawn-exit-link", ns_each(fun linked/1, Size, Repeats)},
     {"spawn-exit-monitor", ns_each(fun monitored/1, Size, Repeats)}];
measure(send, Size, Repeats) ->
    [{"send-frozen", per_second(fun(N) -> one_way(N, new) end, Size, Repeats)},
     {"send-shared", per_second(fun(N) -> one_way(N, constant) end, Size, Repeats)}];
measure('ping-pong', Size, Repeats) ->
    [{"ping-pong", per_second(fun ping_pong/1, Size, Repeats)},
     {"ping-pong-object", per_second(fun ping_pong_tuples/1, Size, Repeats)}];
measure(ring, Size, Repeats) ->
    [{"ring", per_second(fun ring/1, Size, Repeats)}];
measure(call, Size, Repeats) ->
    [{"call", per_second(fun(N) -> calls(N, 1) end, Size, Repeats)},
     {"call-100", per_second(fun(N) -> calls(N, 100) end, Size, Repeats)}];
measure(async, Size, Repeats) ->
    [{"async", per_second(fun ping_pong/1, Size, Repeats)}];
measure('fan-out', Size, Repeats) ->
    [{"fan-out", per_second(fun fan_out/1, Size, Repeats)}];
measure('fan-in', Size, Repeats) ->
    [{"fan-in", per_second(fun fan_in/1, Size, Repeats)}];
measure(backlog, Size, Repeats) ->
    [{"backlog-ref", ns_each(fun(N) -> backlog(Size, N, ref) end, Size * 2, Repeats)},
     {"backlog-ref-100k", ns_each(fun(N) -> backlog(Size * 10, N, ref) end, Size * 2, Repeats)},
     {"backlog-tag", ns_each(fun(N) -> backlog(Size, N, tag) end, Size div 20, Repeats)}];
measure(names, Size, Repeats) ->
    [{"names", ns_each(fun ets_lookup/1, Size, Repeats)},
     {"names-atom", ns_each(fun whereis_atom/1, Size, Repeats)}];
measure(timers, Size, Repeats) ->
    [{"timer-set", ns_each(fun timer_set/1, Size, Repeats)},
     {"timer-cancel", ns_each(fun timer_cancel/1, Size, Repeats)}];
measure(restart, Size, _) ->
    Samples = run(fun() -> restarts(Size) end),
    [{"restart-p50", percentile(50, Samples)}, {"restart-p99", percentile(99, Samples)}];
measure(storm, Size, Repeats) ->
    [{"storm", ns_each(fun storm/1, Size, Repeats) * Size}];
measure(threads, Size, Repeats) ->
    [{"thread-send", per_second(fun(N) -> threads:across(N, fun(I) -> {message, I} end) end, Size, Repeats)},
     {"thread-send-map", per_second(fun(N) -> threads:across(N, fun threads:map_of_ten/1) end, Size, Repeats)},
     {"thread-frames", per_second(fun(N) -> threads:across(N, threads:frame()) end, Size, Repeats)}];
measure('thread-round-trip', Size, _) ->
    run(fun() -> threads:across_and_back(Size div 2, 0) end),
    Asleep = run(fun() -> threads:across_and_back(Size div 2, 2) end),
    Awake = run(fun() -> threads:across_and_back(Size, 0) end),
    [{"thread-asleep-p50", percentile(50, Asleep)}, {"thread-asleep-p99", percentile(99, Asleep)},
     {"thread-awake-p50", percentile(50, Awake)}];
measure('in-flight', Size, _) ->
    saturation:in_flight(Size);
measure(saturated, Size, _) ->
    saturation:saturated(Size).

%% ---- spawning --------------------------------------------------------------------------------------------------------

idle() -> receive stop -> ok end.

spawn_idle(Size) ->
    Self = self(),
    Begun = now_ns(),
    Pids = [spawn(?MODULE, idle, []) || _ <- lists:seq(2, Size)],
    Last = spawn(fun() -> Self ! up, idle() end),
    receive up -> ok end,
    Took = now_ns() - Begun,
    [exit(Pid, kill) || Pid <- [Last | Pids]],
    Took.

rss() ->
    {ok, Status} = file:read_file("/proc/self/status"),
    {match, [Kb]} = re:run(Status, "VmRSS:\\s+(\\d+) kB", [{capture, all_but_first, list}]),
    list_to_integer(Kb) * 1024.

linked(Size) ->
    process_flag(trap_exit, true),
    Begun = now_ns(),
    linked_loop(Size),
    now_ns() - Begun.

linked_loop(0) -> ok;
linked_loop(N) ->
    Pid = spawn_link(fun() -> ok end),
    receive {'EXIT', Pid, normal} -> linked_loop(N - 1) end.

monitored(Size) ->
    Begun = now_ns(),
    monitored_loop(Size),
    now_ns() - Begun.

monitored_loop(0) -> ok;
monitored_loop(N) ->
    {Pid, Ref} = spawn_monitor(fun() -> ok end),
    receive {'DOWN', Ref, process, Pid, normal} -> monitored_loop(N - 1) end.

%% ---- messages --------------------------------------------------------------------------------------------------------

one_way(Size, Kind) ->
    Self = self(),
    Begun = now_ns(),
    Consumer = spawn_link(fun() -> Self ! {sum, consume(Size, 0)} end),
    Expected = case Kind of
        new -> produce(Consumer, 1, Size), Size * (Size + 1) div 2;
        constant -> produce_constant(Consumer, Size), Size
    end,
    receive {sum, Expected} -> now_ns() - Begun end.

consume(0, Sum) -> Sum;
consume(N, Sum) -> receive {message, I} -> consume(N - 1, Sum + I) end.

produce(_, I, Size) when I > Size -> ok;
produce(To, I, Size) -> To ! {message, I}, produce(To, I + 1, Size).

produce_constant(_, 0) -> ok;
produce_constant(To, N) -> To ! {message, 1}, produce_constant(To, N - 1).

ping_pong(Size) ->
    Self = self(),
    Pong = spawn_link(fun() -> pong(Self) end),
    Begun = now_ns(),
    ping(Pong, 1, Size),
    now_ns() - Begun.

pong(To) -> receive N -> To ! N, pong(To) end.

ping(_, I, Size) when I > Size -> ok;
ping(Pong, I, Size) ->
    Pong ! I,
    receive I -> ping(Pong, I + 1, Size) end.

ping_pong_tuples(Size) ->
    Self = self(),
    Pong = spawn_link(fun() -> pong_tuples(Self) end),
    Begun = now_ns(),
    ping_tuples(Pong, 1, Size),
    now_ns() - Begun.

pong_tuples(To) -> receive {ball, N} -> To ! {ball, N}, pong_tuples(To) end.

ping_tuples(_, I, Size) when I > Size -> ok;
ping_tuples(Pong, I, Size) ->
    Pong ! {ball, I},
    receive {ball, I} -> ping_tuples(Pong, I + 1, Size) end.

ring(Size) ->
    Self = self(),
    First = spawn_link(fun() -> receive {next, Next} -> node_loop(Next, Self) end end),
    Last = lists:foldl(fun(_, Next) -> spawn_link(fun() -> node_loop(Next, Self) end) end, First, lists:seq(2, 1000)),
    First ! {next, Last},
    Begun = now_ns(),
    First ! Size,
    receive done -> now_ns() - Begun end.

node_loop(Next, Root) ->
    receive
        0 -> Root ! done, node_loop(Next, Root);
        N -> Next ! N - 1, node_loop(Next, Root)
    end.

fan_out(Size) ->
    Self = self(),
    Width = min(10000, Size),
    Rounds = (Size + Width - 1) div Width,
    Leaves = [spawn_link(fun() -> leaf(Rounds, 0, none) end) || _ <- lists:seq(2, Width)]
        ++ [spawn_link(fun() -> leaf(Rounds, 0, Self) end)],
    Begun = now_ns(),
    fan_rounds(Leaves, Rounds),
    (now_ns() - Begun) / (Rounds * Width) * Size.

fan_rounds(_, 0) -> ok;
fan_rounds(Leaves, Round) ->
    Message = {message, Round},
    [Leaf ! Message || Leaf <- Leaves],
    receive next -> fan_rounds(Leaves, Round - 1) end.

leaf(0, _, _) -> ok;
leaf(Left, Count, none) -> receive {message, _} -> leaf(Left - 1, Count + 1, none) end;
leaf(Left, Count, Root) -> receive {message, _} -> Root ! next, leaf(Left - 1, Count + 1, Root) end.

fan_in(Size) ->
    Self = self(),
    Each = (Size + 999) div 1000,
    Begun = now_ns(),
    Consumer = spawn_link(fun() -> count(Each * 1000), Self ! done end),
    [spawn_link(fun() -> produce(Consumer, 1, Each) end) || _ <- lists:seq(1, 1000)],
    receive done -> (now_ns() - Begun) / (Each * 1000) * Size end.

count(0) -> ok;
count(N) -> receive {message, _} -> count(N - 1) end.

%% ---- calls -----------------------------------------------------------------------------------------------------------

calls(Size, Callers) ->
    Self = self(),
    {ok, Server} = gen_server:start_link(?MODULE, successor, []),
    Each = (Size + Callers - 1) div Callers,
    Begun = now_ns(),
    [spawn_link(fun() -> call_loop(Server, 0, Each), Self ! done end) || _ <- lists:seq(1, Callers)],
    [receive done -> ok end || _ <- lists:seq(1, Callers)],
    (now_ns() - Begun) / (Each * Callers) * Size.

call_loop(_, Each, Each) -> ok;
call_loop(Server, N, Each) ->
    M = N + 1,
    M = gen_server:call(Server, {successor, N}),
    call_loop(Server, M, Each).

backlog(Waiting, Rounds, Kind) ->
    [self() ! {waits, N} || N <- lists:seq(1, Waiting)],
    Self = self(),
    {Echo, Run} = case Kind of
        ref -> {ok, Pid} = gen_server:start_link(?MODULE, successor, []), {Pid, fun call_loop/3};
        tag -> {spawn_link(fun() -> answerer(Self) end), fun answer_loop/3}
    end,
    Begun = now_ns(),
    Run(Echo, 0, Rounds),
    Took = now_ns() - Begun,
    [receive {waits, N} -> ok end || N <- lists:seq(1, Waiting)],
    Took.

answerer(To) -> receive N -> To ! {answer, N}, answerer(To) end.

answer_loop(_, Rounds, Rounds) -> ok;
answer_loop(Answerer, N, Rounds) ->
    Answerer ! N,
    receive {answer, N} -> answer_loop(Answerer, N + 1, Rounds) end.

%% ---- names, timers ---------------------------------------------------------------------------------------------------

ets_lookup(Size) ->
    Table = ets:new(names, [set, {read_concurrency, true}]),
    Keys = [iolist_to_binary(["user:", integer_to_list(I * 7919 rem 10000)]) || I <- lists:seq(0, 9999)],
    [ets:insert(Table, {Key, self()}) || Key <- Keys],
    Begun = now_ns(),
    lookups(Table, Keys, Keys, Size, self()),
    now_ns() - Begun.

lookups(_, _, _, 0, _) -> ok;
lookups(Table, [], Keys, N, Pid) -> lookups(Table, Keys, Keys, N, Pid);
lookups(Table, [Key | Rest], Keys, N, Pid) ->
    [{Key, Pid}] = ets:lookup(Table, Key),
    lookups(Table, Rest, Keys, N - 1, Pid).

whereis_atom(Size) ->
    register(bench_name, self()),
    Begun = now_ns(),
    whereis_loop(self(), Size),
    now_ns() - Begun.

whereis_loop(_, 0) -> ok;
whereis_loop(Pid, N) -> Pid = whereis(bench_name), whereis_loop(Pid, N - 1).

timer_set(Size) ->
    Begun = now_ns(),
    Timers = [erlang:send_after(60000 + N rem 60000, self(), due) || N <- lists:seq(1, Size)],
    Took = now_ns() - Begun,
    [erlang:cancel_timer(Timer) || Timer <- Timers],
    Took.

timer_cancel(Size) ->
    Begun = now_ns(),
    [true = is_integer(erlang:cancel_timer(erlang:send_after(60000 + N rem 60000, self(), due))) || N <- lists:seq(1, Size)],
    now_ns() - Begun.

%% ---- supervisors -----------------------------------------------------------------------------------------------------

%% One behaviour's callbacks for all: a server that adds one, a child that tells when it is up, two supervisors.
init(successor) -> {ok, 0};
init({child, Tester}) -> Tester ! {up, self()}, {ok, 0};
init({supervisor, Children}) ->
    {ok, {#{strategy => one_for_one, intensity => 100000000, period => 1}, Children}}.

handle_call({successor, N}, _From, State) -> {reply, N + 1, State}.

handle_cast(crash, _State) -> error(as_asked).

start_child(Tester) -> gen_server:start_link(?MODULE, {child, Tester}, []).

%% A supervisor goes through its restarts of the last second at each one: a fresh one for every 50.
restarts(Size) ->
    process_flag(trap_exit, true),
    restarts((Size + 1) div 2, []),
    restarts(Size, []).

restarts(Left, Samples) when Left =< 0 -> Samples;
restarts(Left, Samples) ->
    Start = {?MODULE, start_child, [self()]},
    {ok, Supervisor} = supervisor:start_link(?MODULE, {supervisor, [#{id => child, start => Start}]}),
    Child = receive {up, Pid} -> Pid end,
    More = crash(Child, min(Left, 50), []),
    exit(Supervisor, kill),
    receive {'EXIT', Supervisor, killed} -> ok end,
    restarts(Left - 50, More ++ Samples).

crash(_, 0, Samples) -> Samples;
crash(Child, N, Samples) ->
    Begun = now_ns(),
    gen_server:cast(Child, crash),
    receive {up, Next} when Next =/= Child -> crash(Next, N - 1, [now_ns() - Begun | Samples]) end.

storm(Size) ->
    process_flag(trap_exit, true),
    Start = {?MODULE, start_child, [self()]},
    Specs = [#{id => N, start => Start} || N <- lists:seq(1, Size)],
    {ok, Supervisor} = supervisor:start_link(?MODULE, {supervisor, Specs}),
    Pids = [receive {up, Pid} -> Pid end || _ <- Specs],
    Begun = now_ns(),
    [exit(Pid, kill) || Pid <- Pids],
    [receive {up, _} -> ok end || _ <- Specs],
    Took = now_ns() - Begun,
    unlink(Supervisor),
    exit(Supervisor, kill),
    Took.
