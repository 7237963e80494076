-- SPDX-License-Identifier: MIT
-- For wrk. Asks for the path of the URL, or in turn for the lines of the file
-- named after "--": paths to get, or "POST /path body", where @n in the body
-- becomes a number that rises. At the end, prints what was seen as one line of
-- JSON.
local made = 0

local function post(line)
    local path, body = line:match("^POST (%S+) (.*)$")
    local headers = { ["Content-Type"] = "application/json" }

    for name, value in pairs(wrk.headers) do
        headers[name] = value
    end
    return function()
        made = made + 1
        return wrk.format("POST", path, headers,
            (body:gsub("@n", tostring(made))))
    end
end

function init(args)
    local requests, n, at = {}, 0, 0

    if #args == 0 then
        return -- wrk's own constant request is cheapest
    end
    for path in io.lines(args[1]) do
        n = n + 1
        if path:sub(1, 1) == "/" then
            requests[n] = wrk.format("GET", path)
        else
            requests[n] = post(path)
        end
    end
    request = function()
        at = at % n + 1
        return type(requests[at]) == "string" and requests[at]
            or requests[at]()
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
