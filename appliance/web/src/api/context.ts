/* SPDX-License-Identifier: MIT */
import { createContext, use } from 'react';
import { useStore } from '../app/store';
import type { Access } from './access';
import type { Api } from './api';
import type { Account } from './types';

export interface Backplane {
  api: Api;
  access: Access;
}

export const BackplaneContext = createContext<Backplane | null>(null);

function useBackplane(): Backplane {
  const found = use(BackplaneContext);
  if (found) return found;
  throw new Error('BackplaneContext has no value here');
}

export function useApi(): Api {
  return useBackplane().api;
}

export function useAccess(): Access {
  return useBackplane().access;
}

/** Who is signed in; null: nobody, or not known yet. */
export function useAccount(): Account | null {
  return useStore(useAccess().account);
}
