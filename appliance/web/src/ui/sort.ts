/* SPDX-License-Identifier: MIT */
/* The server's notation: "name" upwards, "-name" downwards. */

export interface Sort {
  key: string;
  down: boolean;
}

export function sortOf(text: string): Sort {
  return text.startsWith('-')
    ? { key: text.slice(1), down: true }
    : { key: text, down: false };
}

/** What a press on a column's heading asks for: upwards first, then down. */
export function nextSort(current: string, key: string): string {
  return current === key ? `-${key}` : key;
}
