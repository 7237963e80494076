// SPDX-License-Identifier: MIT
// For node --test: a line a test, what failed with its reason, and at the end
// "N passed, N failed". A test counts, a group of them does not.
const isFile = (data) => /\.test\.mjs$/.test(data.name);
const isGroup = (data) => data.details?.type === 'suite';

function reasonOf(data) {
    const error = data.details?.error;
    const cause = error?.cause ?? error;
    const text = cause?.stack ?? cause?.message ?? String(cause ?? '');

    return text
        .split('\n')
        .filter((line) => !/node:internal/.test(line))
        .map((line) => `      ${line}\n`)
        .join('');
}

function place(data) {
    return data.file
        ? data.file.replace(/^.*\//, '').replace('.test.mjs', '')
        : '';
}

export default async function* reporter(source) {
    let passed = 0;
    let failed = 0;
    const failures = [];

    for await (const { type, data } of source) {
        if (type === 'test:stderr' || type === 'test:stdout') {
            yield data.message;
            continue;
        }
        if (type !== 'test:pass' && type !== 'test:fail') continue;
        if (data.skip !== undefined) {
            yield `skip  ${place(data)}: ${data.name} (${data.skip})\n`;
            continue;
        }
        if (type === 'test:pass') {
            if (isFile(data) || isGroup(data)) continue;
            passed++;
            const ms = Math.round(data.details.duration_ms);

            yield `ok    ${place(data)}: ${data.name} (${ms} ms)\n`;
            continue;
        }
        // A group that fails because a test of it did is told already.
        if (data.details?.error?.failureType === 'subtestsFailed') continue;
        failed++;
        const text = `FAIL  ${place(data)}: ${data.name}\n${reasonOf(data)}`;

        failures.push(text);
        yield text;
    }
    if (failures.length > 0) yield `\nWhat failed:\n${failures.join('')}`;
    yield `${passed} passed, ${failed} failed\n`;
}
