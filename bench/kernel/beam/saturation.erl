%% What becomes of a timer, and of a socket, when all are busy: as ../lintel/saturation.ts.
-module(saturation).
-export([in_flight/1, saturated/1]).
-import(program, [now_ns/0, percentile/2, run/1]).

%% A thousand processes pass on what they get. How late does a process get what is due at each millisecond?
in_flight(Size) ->
    Counter = counters:new(1, []),
    pass_on(1000, Size, Counter),
    {WarmMs, MeasuredMs} = case Size >= 100000 of true -> {2000, 4000}; false -> {200, 500} end,
    timer:sleep(WarmMs),
    Before = counters:get(Counter, 1),
    Start = erlang:monotonic_time(millisecond) + 1,
    Delays = run(fun() -> delays(Start, Start + MeasuredMs, []) end),
    Rate = (counters:get(Counter, 1) - Before) / (MeasuredMs / 1000),
    [{"in-flight-process-p99", percentile(99, Delays)}, {"in-flight-rate", Rate}].

delays(Due, End, Delays) when Due >= End -> Delays;
delays(Due, End, Delays) ->
    erlang:send_after(Due, self(), due, [{abs, true}]),
    receive due -> ok end,
    late(Due, now_ns(), End, Delays).

late(Due, Now, End, Delays) when Due * 1000000 =< Now -> late(Due + 1, Now, End, [Now - Due * 1000000 | Delays]);
late(Due, _, End, Delays) -> delays(Due, End, Delays).

%% They begin when all tokens are in their mailboxes: afterwards, whoever sends has one turn in a thousand.
pass_on(Count, Tokens, Counter) ->
    Pids = list_to_tuple([spawn_link(fun() ->
        receive {all, All} -> passer(I, All, Count, Counter) end
    end) || I <- lists:seq(0, Count - 1)]),
    [element(1 + N rem Count, Pids) ! {token, N rem 65536} || N <- lists:seq(1, Tokens)],
    [Pid ! {all, Pids} || Pid <- tuple_to_list(Pids)].

passer(I, All, Count, Counter) ->
    receive
        {token, N} ->
            counters:add(Counter, 1, 1),
            element(1 + (I + N) rem Count, All) ! {token, (N + 1) band 65535},
            passer(I, All, Count, Counter)
    end.

%% Prints where it listens, and passes tokens round until it is killed: echo-client.ts measures from outside.
saturated(Tokens) ->
    pass_on(Tokens, Tokens, counters:new(1, [])),
    {ok, Listener} = gen_tcp:listen(0, [binary, {active, true}, {nodelay, true}, {ip, {127, 0, 0, 1}}]),
    {ok, Port} = inet:port(Listener),
    io:format("listening ~w~n", [Port]),
    {ok, Socket} = gen_tcp:accept(Listener),
    echo(Socket).

echo(Socket) ->
    receive
        {tcp, Socket, Data} -> gen_tcp:send(Socket, Data), echo(Socket);
        {tcp_closed, Socket} -> halt(0)
    end.
