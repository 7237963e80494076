/* SPDX-License-Identifier: MIT */

/** The class names given, without the ones that do not apply. */
export function cx(
  ...names: (string | false | null | undefined)[]
): string | undefined {
  return names.filter(Boolean).join(' ') || undefined;
}
