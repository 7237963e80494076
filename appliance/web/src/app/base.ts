/* SPDX-License-Identifier: MIT */

/* The server writes where it is mounted into <base href>: "/" or "/mppeep/".
 * Everything here derives from that, so one build serves anywhere. */

/** "/" or "/mppeep/": always ends with a slash. */
export function basePath(baseURI: string = document.baseURI): string {
  return new URL('.', baseURI).pathname;
}

/** A path of ours ("/c/users?page=2") as the browser must ask for it. */
export function toHref(path: string, base: string = basePath()): string {
  return base + path.replace(/^\/+/, '');
}

/** The browser's path as one of ours; null when it lies outside the base. */
export function fromPathname(
  pathname: string,
  base: string = basePath(),
): string | null {
  if (`${pathname}/` === base) return '/';
  if (!pathname.startsWith(base)) return null;
  const path = '/' + pathname.slice(base.length);
  return path.length > 1 ? path.replace(/\/+$/, '') || '/' : path;
}
