/* SPDX-License-Identifier: MIT */
import type { Box } from '../app/storage';
import { createStore, type Store } from '../app/store';

export type AskReason = 'missing' | 'rejected' | 'wanted';

export interface Question {
  reason: AskReason;
}

/** The access token, and the one dialog that asks for it. */
export interface Access {
  token: Store<string | null>;
  /** What the dialog is asked to show; null when it is closed. */
  question: Store<Question | null>;
  /** Asks the reader. All who ask while the dialog is open share its answer:
   * the token, or null when the reader closed it. */
  ask(reason: AskReason): Promise<string | null>;
  answer(token: string | null): void;
  /** True after the reader closed the dialog: then reading in the background
   * must not open it again. */
  declined(): boolean;
}

export function createAccess(box: Box): Access {
  const token = createStore(box.read());
  const question = createStore<Question | null>(null);
  let waiting: ((token: string | null) => void)[] = [];
  let declined = false;

  token.subscribe(() => box.write(token.get()));

  return {
    token,
    question,
    declined: () => declined,
    ask(reason) {
      if (question.get() === null) question.set({ reason });
      return new Promise((resolve) => waiting.push(resolve));
    },
    answer(given) {
      const resolvers = waiting;

      waiting = [];
      declined = given === null;
      if (given !== null) token.set(given);
      question.set(null);
      for (const resolve of resolvers) resolve(given);
    },
  };
}
