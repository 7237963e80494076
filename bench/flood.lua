-- SPDX-License-Identifier: MIT
-- For wrk. Each connection tries to sign in as somebody else each time, with a
-- pause of so many milliseconds as stand behind "--".
local pause, n = 10, 0

function init(args)
    pause = tonumber(args[1])
    math.randomseed(os.time())
end

function delay()
    return pause
end

function request()
    n = n + 1
    return wrk.format("POST", nil, { ["Content-Type"] = "application/json" },
        string.format('{"email":"u%d-%d@example.org","password":"guess %d"}',
            n, math.random(1e9), n))
end

function done(summary, latency)
    print(string.format('{"requests":%d,"us":%d}', summary.requests,
        summary.duration))
end
