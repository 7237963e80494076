/* SPDX-License-Identifier: MIT */
import { createContext, use } from 'react';
import type { Api } from './api';
import type { Access } from './token';

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
