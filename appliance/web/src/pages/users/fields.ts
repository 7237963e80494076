/* SPDX-License-Identifier: MIT */
import type { FieldSpec } from '../../records/fields';
import type { PlainKey } from '../../app/i18n';

export const roles = ['admin', 'manager', 'user'] as const;
export type Role = (typeof roles)[number];

export const roleLabel: Record<Role, PlainKey> = {
  admin: 'role.admin',
  manager: 'role.manager',
  user: 'role.user',
};

export function isRole(text: string | null): text is Role {
  return roles.some((role) => role === text);
}

/** The users collection, as the built-in application declares it. */
export const userFields: readonly FieldSpec[] = [
  {
    name: 'name',
    label: 'users.name',
    kind: 'text',
    required: true,
    max: 100,
  },
  {
    name: 'email',
    label: 'users.email',
    kind: 'email',
    required: true,
    max: 120,
  },
  {
    name: 'role',
    label: 'users.role',
    kind: 'select',
    required: true,
    initial: 'user',
    options: roles,
    optionLabel: roles.map((role) => roleLabel[role]),
  },
  {
    name: 'password',
    label: 'users.password',
    kind: 'password',
    required: false,
    maxBytes: 72,
    hint: 'users.passwordHint',
  },
  {
    name: 'active',
    label: 'users.active',
    kind: 'bool',
    required: false,
    initial: true,
    on: 'users.isActive',
    off: 'users.isInactive',
  },
];
