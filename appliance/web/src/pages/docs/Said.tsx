/* SPDX-License-Identifier: MIT */

/** A text of the description: what stands between backticks is code. */
export function Said({ text }: { text: string }) {
  return text
    .split('`')
    .map((part, at) => (at % 2 === 0 ? part : <code key={at}>{part}</code>));
}
