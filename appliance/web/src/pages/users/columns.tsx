/* SPDX-License-Identifier: MIT */
import type { User } from '../../api/types';
import type { I18n } from '../../app/i18n';
import { Avatar } from '../../ui/Avatar';
import { Badge, Dot, type Tone } from '../../ui/Badge';
import type { Column } from '../../ui/Table';
import { isRole, roleLabel, type Role } from './fields';
import css from './UsersPage.module.css';

const roleTone: Record<Role, Tone> = {
  admin: 'accent',
  manager: 'warn',
  user: 'neutral',
};

/** The columns of the list. Pressing a name opens it. */
export function userColumns(
  { t, format }: I18n,
  onOpen: ((user: User) => void) | undefined,
): Column<User>[] {
  return [
    {
      key: 'name',
      label: t('users.name'),
      sortable: true,
      lead: true,
      wide: true,
      cell: (user) => (
        <div className={css.who}>
          <Avatar id={user.id} name={user.name} />
          {onOpen ? (
            <button
              type="button"
              className={css.name}
              title={user.name}
              onClick={() => onOpen(user)}
            >
              {user.name}
            </button>
          ) : (
            <span className={css.name} title={user.name}>
              {user.name}
            </span>
          )}
        </div>
      ),
    },
    {
      key: 'email',
      label: t('users.email'),
      sortable: true,
      wide: true,
      cell: (user) => (
        <span className={css.email} title={user.email}>
          {user.email}
        </span>
      ),
    },
    {
      key: 'role',
      label: t('users.role'),
      sortable: true,
      cell: ({ role }) =>
        isRole(role) ? (
          <Badge tone={roleTone[role]}>{t(roleLabel[role])}</Badge>
        ) : (
          (role ?? '–')
        ),
    },
    {
      key: 'active',
      label: t('users.active'),
      sortable: true,
      cell: ({ active }) => (
        <span className={css.state}>
          <Dot tone={active ? 'good' : 'neutral'} />
          {t(active ? 'users.isActive' : 'users.isInactive')}
        </span>
      ),
    },
    {
      key: 'created',
      label: t('users.created'),
      sortable: true,
      minor: true,
      cell: ({ created }) => {
        const when = new Date(created);
        if (Number.isNaN(when.getTime())) return created;
        return (
          <time dateTime={created} title={format.dateTime(when)}>
            {format.date(when)}
          </time>
        );
      },
    },
  ];
}
