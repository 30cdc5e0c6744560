%% From one scheduler to the other, as ../lintel/threads.ts.
-module(threads).
-export([across/2, map_of_ten/1, frame/0, across_and_back/2]).
-import(program, [now_ns/0]).

across(Size, Make) ->
    Self = self(),
    Consumer = spawn_opt(fun() -> count_any(Size), Self ! done end, [link, {scheduler, 2}]),
    Begun = now_ns(),
    spawn_opt(fun() -> produce_made(Consumer, 1, Size, Make) end, [link, {scheduler, 1}]),
    receive done -> now_ns() - Begun end.

count_any(0) -> ok;
count_any(N) -> receive _ -> count_any(N - 1) end.

produce_made(_, I, Size, _) when I > Size -> ok;
produce_made(To, I, Size, Make) -> To ! Make(I), produce_made(To, I + 1, Size, Make).

map_of_ten(I) ->
    #{n => I, a => 1, b => 2, c => <<"three">>, d => 4, e => true, f => 6, g => <<"seven">>, h => 8, i => 9}.

%% A binary of more than 64 bytes is shared, not copied.
frame() ->
    Frame = binary:copy(<<7>>, 300),
    fun(_) -> Frame end.

across_and_back(Count, PauseMs) ->
    Self = self(),
    spawn_opt(fun() ->
        Me = self(),
        Echo = spawn_opt(fun() -> echo(Me) end, [link, {scheduler, 2}]),
        Self ! {samples, round_trips(Echo, Count, PauseMs, [])}
    end, [link, {scheduler, 1}]),
    receive {samples, Samples} -> Samples end.

round_trips(_, 0, _, Samples) -> Samples;
round_trips(Echo, N, PauseMs, Samples) ->
    case PauseMs of
        0 -> ok;
        _ -> receive after PauseMs -> ok end
    end,
    Begun = now_ns(),
    Echo ! N,
    receive N -> round_trips(Echo, N - 1, PauseMs, [now_ns() - Begun | Samples]) end.

echo(To) -> receive N -> To ! N, echo(To) end.
