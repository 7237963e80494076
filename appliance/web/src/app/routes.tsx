/* SPDX-License-Identifier: MIT */
import { lazy, type ComponentType } from 'react';
import { HomePage } from '../pages/home/HomePage';
import { MissingPage } from '../pages/missing/MissingPage';
import { StatusPage } from '../pages/status/StatusPage';
import { UsersPage } from '../pages/users/UsersPage';
import type { IconName } from '../ui/Icon';
import type { PlainKey } from './i18n';

export interface Route {
  /** The first is the one that links use. */
  paths: readonly [string, ...string[]];
  title: PlainKey;
  page: ComponentType;
  /** Its icon in the navigation; absent: not in the navigation. */
  icon?: IconName;
}

/* Few need it, and then not at once. */
const DocsPage = lazy(() => import('../pages/docs/DocsPage'));

/* "/users" is an address of the REST API: no page may stand there. "/api/docs"
 * is one for a page. */
export const routes: readonly Route[] = [
  { paths: ['/', '/accueil'], title: 'nav.home', page: HomePage, icon: 'home' },
  { paths: ['/c/users'], title: 'nav.users', page: UsersPage, icon: 'users' },
  { paths: ['/status'], title: 'nav.status', page: StatusPage, icon: 'pulse' },
  { paths: ['/api/docs'], title: 'nav.docs', page: DocsPage, icon: 'book' },
];

export const missing: Route = {
  paths: ['/404'],
  title: 'missing.title',
  page: MissingPage,
};

export function routeOf(path: string | null): Route {
  return (
    routes.find(({ paths }) => path !== null && paths.includes(path)) ?? missing
  );
}
