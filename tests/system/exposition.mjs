// SPDX-License-Identifier: MIT
// Reads what /metrics says, strictly: the Prometheus text format 0.0.4 and
// OpenMetrics 1.0. What either forbids is an error.
const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const NUMBER = /^(?:[+-]?Inf|NaN|[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/i;
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(,|$)/y;

function readLabels(text) {
    const labels = {};

    LABEL.lastIndex = 0;
    while (LABEL.lastIndex < text.length) {
        const match = LABEL.exec(text);

        if (!match) throw new Error(`labels: ${text}`);
        if (match[1] in labels) throw new Error(`${match[1]} twice: ${text}`);
        labels[match[1]] = match[2];
        if (match[3] === ',' && LABEL.lastIndex === text.length)
            throw new Error(`a comma at the end: ${text}`);
    }
    return labels;
}

function readNumber(text) {
    if (!NUMBER.test(text)) throw new Error(`no number: ${text}`);
    return Number(text.replace(/Inf$/i, 'Infinity'));
}

const suffixes = {
    counter: { plain: [''], open: ['_total', '_created'] },
    gauge: { plain: [''], open: [''] },
    info: { plain: [], open: ['_info'] },
    histogram: {
        plain: ['_bucket', '_sum', '_count'],
        open: ['_bucket', '_sum', '_count', '_created'],
    },
    unknown: { plain: [''], open: [''] },
    untyped: { plain: [''], open: [] },
};

// A family: { name, type, unit, help, samples: [{ name, labels, value }] }.
export function parse(text, { open = false } = {}) {
    const families = new Map();
    const seen = new Set();
    let current = null;
    const lines = text.split('\n');

    if (lines.pop() !== '') throw new Error('no line break at the end');
    if (open && lines.pop() !== '# EOF') throw new Error('no # EOF');
    for (const line of lines) {
        const comment = /^# (HELP|TYPE|UNIT) (\S+) ?(.*)$/.exec(line);

        if (comment) {
            const [, what, name, rest] = comment;

            if (!NAME.test(name)) throw new Error(line);
            if (current?.name !== name) {
                if (families.has(name)) throw new Error(`again: ${line}`);
                current = { name, samples: [] };
                families.set(name, current);
            }
            if (current.samples.length > 0) throw new Error(`late: ${line}`);
            if (what.toLowerCase() in current)
                throw new Error(`twice: ${line}`);
            if (what === 'UNIT' && !open) throw new Error(line);
            if (what === 'UNIT' && rest !== '' && !name.endsWith(`_${rest}`))
                throw new Error(`the unit is not in the name: ${line}`);
            if (what === 'TYPE' && !(rest in suffixes)) throw new Error(line);
            current[what.toLowerCase()] = rest;
            continue;
        }
        const match = SAMPLE.exec(line);

        if (!match) throw new Error(`no sample: ${line}`);
        const [, name, labels, value] = match;
        const ends = suffixes[current?.type]?.[open ? 'open' : 'plain'];

        if (!ends?.some((end) => current.name + end === name))
            throw new Error(`not in its family: ${line}`);
        const key = `${name}{${labels ?? ''}}`;

        if (seen.has(key)) throw new Error(`twice: ${line}`);
        seen.add(key);
        current.samples.push({
            name,
            labels: readLabels(labels ?? ''),
            value: readNumber(value),
        });
    }
    for (const family of families.values())
        if (family.type === 'histogram') checkHistogram(family);
    return families;
}

// Buckets rise, the last is +Inf and equals the count; a sum for each.
function checkHistogram(family) {
    const series = new Map();

    for (const { name, labels, value } of family.samples) {
        const { le, ...rest } = labels;
        const key = JSON.stringify(rest);
        const one = series.get(key) ?? { buckets: [] };

        if (name.endsWith('_bucket')) one.buckets.push([readNumber(le), value]);
        else one[name.slice(family.name.length)] = value;
        series.set(key, one);
    }
    for (const [key, { buckets, _sum: sum, _count: count }] of series) {
        const what = `${family.name}${key}`;

        for (let i = 1; i < buckets.length; i++)
            if (
                buckets[i][0] <= buckets[i - 1][0] ||
                buckets[i][1] < buckets[i - 1][1]
            )
                throw new Error(`${what}: buckets do not rise`);
        if (buckets.at(-1)?.[0] !== Infinity)
            throw new Error(`${what}: no bucket +Inf`);
        if (buckets.at(-1)[1] !== count)
            throw new Error(`${what}: +Inf ≠ count`);
        if (sum === undefined || sum < 0 || (count === 0 && sum !== 0))
            throw new Error(`${what}: sum ${sum} of ${count}`);
    }
}

// The sum of the samples of that name whose labels include those; 0: none.
export function valueOf(text, name, labels = {}) {
    let sum = 0;

    for (const line of text.split('\n')) {
        const match = SAMPLE.exec(line);

        if (match?.[1] !== name) continue;
        const has = readLabels(match[2] ?? '');

        if (Object.entries(labels).every(([key, value]) => has[key] === value))
            sum += readNumber(match[3]);
    }
    return sum;
}
