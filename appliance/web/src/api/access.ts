/* SPDX-License-Identifier: MIT */
import { createStore, type Store } from '../app/store';
import type { Account } from './types';

/** Who is signed in, and the one dialog that asks for it again when a session
 * has ended: what the reader was writing stays where it is. */
export interface Access {
  /** null: nobody, or not known yet. */
  account: Store<Account | null>;
  /** The dialog is open. */
  asking: Store<boolean>;
  /** How often somebody signed in on this page. */
  turn(): number;
  /** Asks the reader to sign in. All who ask while the dialog is open share
   * its answer: false when the reader closed it. */
  ask(): Promise<boolean>;
  answer(account: Account | null): void;
  /** True after the reader closed the dialog: then reading in the background
   * must not open it again. */
  declined(): boolean;
}

export function createAccess(): Access {
  const account = createStore<Account | null>(null);
  const asking = createStore(false);
  let waiting: ((signedIn: boolean) => void)[] = [];
  let declined = false;
  let turn = 0;

  return {
    account,
    asking,
    turn: () => turn,
    declined: () => declined,
    ask() {
      asking.set(true);
      return new Promise((resolve) => waiting.push(resolve));
    },
    answer(given) {
      const resolvers = waiting;

      waiting = [];
      declined = given === null;
      if (given !== null) {
        turn++;
        account.set(given);
      }
      asking.set(false);
      for (const resolve of resolvers) resolve(given !== null);
    },
  };
}
