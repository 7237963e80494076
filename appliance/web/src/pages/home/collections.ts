/* SPDX-License-Identifier: MIT */
import type { PlainKey } from '../../app/i18n';
import type { IconName } from '../../ui/Icon';

export interface Collection {
  name: string;
  label: PlainKey;
  icon: IconName;
  /** Its page, where there is one. */
  path?: string;
}

/** The collections of the built-in application. */
export const collections: readonly Collection[] = [
  { name: 'users', label: 'collection.users', icon: 'users', path: '/c/users' },
  { name: 'personnel', label: 'collection.personnel', icon: 'badge' },
  { name: 'absences', label: 'collection.absences', icon: 'calendar' },
  { name: 'evaluations', label: 'collection.evaluations', icon: 'star' },
  { name: 'documents', label: 'collection.documents', icon: 'file' },
  { name: 'activities', label: 'collection.activities', icon: 'tasks' },
  { name: 'settings', label: 'collection.settings', icon: 'sliders' },
  { name: 'files', label: 'collection.files', icon: 'folder' },
];
