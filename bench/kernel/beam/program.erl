%% The BEAM's side of ../program.ts: `erl ... -s program main SUITE -extra ITEM SIZE REPEATS` calls SUITE:measure/3 and prints
%% `id value` lines, then the CPU seconds: operations a second, nanoseconds or bytes. Each timed run has a fresh process.
-module(program).
-export([main/1, log/2, now_ns/0, ns_each/3, per_second/3, run/1, median/1, percentile/2]).

main([Module]) ->
    [Item, Size, Repeats] = init:get_plain_arguments(),
    logger:remove_handler(default), % reports are made and handed over, and nobody prints them
    ok = logger:add_handler(quiet, ?MODULE, #{}),
    try
        Figures = Module:measure(list_to_atom(Item), list_to_integer(Size), list_to_integer(Repeats)),
        [io:format("~s ~w~n", [Id, Value]) || {Id, Value} <- Figures],
        {CpuMs, _} = erlang:statistics(runtime),
        io:format("cpu-seconds ~w~n", [CpuMs / 1000]),
        halt(0)
    catch Class:Reason:Stack ->
        io:format(standard_error, "~p~n", [{Class, Reason, Stack}]),
        halt(1)
    end.

log(_Event, _Config) -> ok.

now_ns() -> erlang:monotonic_time(nanosecond).

%% Nanoseconds for each operation: two runs to warm up, then the median.
ns_each(Run, Size, Repeats) ->
    Small = max(1, (Size + 4) div 5),
    [run(fun() -> Run(Small) end) || _ <- [1, 2]],
    median([run(fun() -> Run(Size) end) / Size || _ <- lists:seq(1, Repeats)]).

per_second(Run, Size, Repeats) -> 1.0e9 / ns_each(Run, Size, Repeats).

%% In a process of its own, with a small heap and an empty mailbox.
run(F) ->
    erlang:garbage_collect(),
    {Pid, Ref} = spawn_monitor(fun() -> exit({result, F()}) end),
    receive
        {'DOWN', Ref, process, Pid, {result, Result}} -> Result;
        {'DOWN', Ref, process, Pid, Reason} -> error(Reason)
    end.

median(Samples) ->
    Sorted = lists:sort(Samples),
    Length = length(Sorted),
    case Length rem 2 of
        1 -> lists:nth(Length div 2 + 1, Sorted);
        0 -> (lists:nth(Length div 2, Sorted) + lists:nth(Length div 2 + 1, Sorted)) / 2
    end.

percentile(P, Samples) ->
    Sorted = lists:sort(Samples),
    lists:nth(max(1, ceil(P / 100 * length(Sorted))), Sorted).
