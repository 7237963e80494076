/* SPDX-License-Identifier: MIT */

/** The browser's storage, which may be full, switched off or absent: then
 * what is kept lasts as long as the page does. */
export interface Box {
  read(): string | null;
  write(value: string | null): void;
}

export function storageBox(where: () => Storage, key: string): Box {
  return {
    read() {
      try {
        return where().getItem(key);
      } catch {
        return null;
      }
    },
    write(value) {
      try {
        if (value === null) where().removeItem(key);
        else where().setItem(key, value);
      } catch {
        /* Nothing to do: the choice holds until the page is closed. */
      }
    },
  };
}
