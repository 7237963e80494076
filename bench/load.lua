-- SPDX-License-Identifier: MIT
-- For wrk. Asks for the path of the URL, or in turn for the paths in the file
-- named after "--"; at the end, prints what was seen as one line of JSON.
function init(args)
    local requests, n, at = {}, 0, 0

    if #args == 0 then
        return -- wrk's own constant request is cheapest
    end
    for path in io.lines(args[1]) do
        n = n + 1
        requests[n] = wrk.format("GET", path)
    end
    request = function()
        at = at % n + 1
        return requests[at]
    end
end

function done(summary, latency)
    local e = summary.errors

    print(string.format(
        '{"requests":%d,"us":%d,"p50_us":%d,"p99_us":%d,' ..
        '"bad_status":%d,"socket_errors":%d}',
        summary.requests, summary.duration, latency:percentile(50),
        latency:percentile(99), e.status,
        e.connect + e.read + e.write + e.timeout))
end
