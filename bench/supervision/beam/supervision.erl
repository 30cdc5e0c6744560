%% The BEAM's program, as ../lintel/main.ts; program.erl (../../kernel/beam/) runs it.
%% 100 supervisors of SIZE / 100 children each; a child tells the tester when it is up.
-module(supervision).
-behaviour(gen_server).
-export([measure/3, init/1, handle_call/3, handle_cast/2, start_child/2]).
-import(program, [now_ns/0, median/1, percentile/2]).

measure(restart, Size, _) ->
    {_, Pids} = start_tree(Size),
    {_, Warm} = crashes(Size div 20, Size, Pids, []),
    {Samples, _} = crashes(Size div 10, Size, Warm, []),
    [{"restart-p50", percentile(50, Samples)}, {"restart-p99", percentile(99, Samples)},
     {"restart-max", lists:max(Samples)}];
measure(storm, Size, Repeats) ->
    {_, Pids} = start_tree(Size),
    Crash = fun(Pid) -> gen_server:cast(Pid, crash) end,
    [{"storm", median(storms(Crash, 2, Repeats, Size, Pids, []))}];
measure('storm-killed', Size, Repeats) ->
    {_, Pids} = start_tree(Size),
    Kill = fun(Pid) -> exit(Pid, kill) end,
    [{"storm-killed", median(storms(Kill, 2, Repeats, Size, Pids, []))}];
measure(start, Size, Repeats) ->
    [_ | Times] = [start_and_stop(Size) || _ <- lists:seq(0, Repeats)],
    {Starts, Stops} = lists:unzip(Times),
    [{"start", median(Starts)}, {"stop", median(Stops)}].

start_tree(Size) ->
    process_flag(trap_exit, true), % a supervisor of the tree that ends tells so
    Each = Size div 100,
    Houses = [begin {ok, House} = supervisor:start_link(?MODULE, {supervisor, self(), N * Each, Each}), House end
              || N <- lists:seq(0, 99)],
    {Houses, lists:foldl(fun(_, Pids) -> receive {up, N, Pid} -> Pids#{N => Pid} end end, #{}, lists:seq(1, Size))}.

crashes(0, _, Pids, Samples) -> {Samples, Pids};
crashes(Left, Size, Pids, Samples) ->
    N = rand:uniform(Size) - 1,
    Begun = now_ns(),
    gen_server:cast(maps:get(N, Pids), crash),
    receive {up, N, Pid} -> crashes(Left - 1, Size, Pids#{N := Pid}, [now_ns() - Begun | Samples]) end.

storms(_, _, 0, _, _, Samples) -> Samples;
storms(End, Warm, Left, Size, Pids, Samples) ->
    Victims = victims(Size div 10, Size, #{}),
    Begun = now_ns(),
    [End(maps:get(N, Pids)) || N <- Victims],
    Ups = [receive {up, N, Pid} -> {N, Pid} end || _ <- Victims],
    Took = now_ns() - Begun,
    Next = maps:merge(Pids, maps:from_list(Ups)),
    case Warm of
        0 -> storms(End, 0, Left - 1, Size, Next, [Took | Samples]);
        _ -> storms(End, Warm - 1, Left, Size, Next, Samples)
    end.

victims(Count, _, Found) when map_size(Found) =:= Count -> maps:keys(Found);
victims(Count, Size, Found) -> victims(Count, Size, Found#{rand:uniform(Size) - 1 => true}).

start_and_stop(Size) ->
    Begun = now_ns(),
    {Houses, _} = start_tree(Size),
    Started = now_ns(),
    [exit(House, shutdown) || House <- Houses],
    [receive {'EXIT', House, shutdown} -> ok end || House <- Houses],
    {Started - Begun, now_ns() - Started}.

init({child, N, Tester}) -> Tester ! {up, N, self()}, {ok, 0};
init({supervisor, Tester, First, Each}) ->
    Children = [#{id => N, start => {?MODULE, start_child, [N, Tester]}} || N <- lists:seq(First, First + Each - 1)],
    {ok, {#{strategy => one_for_one, intensity => 100000000, period => 1}, Children}}.

start_child(N, Tester) -> gen_server:start_link(?MODULE, {child, N, Tester}, []).

handle_call(_, _From, State) -> {reply, ok, State}.

handle_cast(crash, _State) -> error(as_asked).
