/* SPDX-License-Identifier: MIT */
import { useCallback, useEffect, useRef, useState } from 'react';
import { useAccount, useApi } from '../../api/context';
import type { Page, User } from '../../api/types';
import { useQuery } from '../../api/useQuery';
import { useI18n } from '../../app/i18n';
import { navigate, usePlace } from '../../app/router';
import { ProblemBlank, ProblemNotice } from '../../problems/Problem';
import { Blank } from '../../ui/Blank';
import { Button, IconButton } from '../../ui/Button';
import { Card } from '../../ui/Card';
import { PageHeader } from '../../ui/PageHeader';
import { Pager } from '../../ui/Pager';
import { Table } from '../../ui/Table';
import { userColumns } from './columns';
import { DeleteUser } from './DeleteUser';
import { SortBar } from './SortBar';
import { UserEditor } from './UserEditor';
import css from './UsersPage.module.css';
import { UsersWaiting } from './UsersWaiting';
import { pageSizes, viewFrom, viewPath, type View } from './view';

/** What stands above the list. */
type Open =
  | { what: 'add' }
  | { what: 'edit'; id: number }
  | { what: 'delete'; user: User };

export function UsersPage() {
  const { t } = useI18n();
  const api = useApi();
  const rules = useAccount()?.role === 'admin';
  const { page, perPage, sort } = viewFrom(usePlace().query);
  const [open, setOpen] = useState<Open | null>(null);
  const list = useQuery(
    useCallback(
      (signal: AbortSignal) =>
        api.users.list({ page, perPage, sort }, { signal }),
      [api, page, perPage, sort],
    ),
  );
  const { data, reload } = list;
  const go = (change: Partial<View>) =>
    navigate(viewPath({ page, perPage, sort, ...change }));

  /* The last record of the last page was deleted, or the address is old. */
  const lastPage = Math.max(1, data?.totalPages ?? page);
  const beyond = !list.loading && data?.items.length === 0 && page > lastPage;
  useEffect(() => {
    if (beyond)
      navigate(viewPath({ page: lastPage, perPage, sort }), { replace: true });
  }, [beyond, lastPage, perPage, sort]);

  const expectLoss = useFocusRescue(data);
  const close = () => setOpen(null);
  const done = () => {
    close();
    reload();
  };

  return (
    <>
      <PageHeader
        title={t('users.title')}
        lead={data ? t('users.count', { n: data.totalItems }) : t('users.lead')}
        actions={
          <>
            <IconButton
              icon="refresh"
              label={t('act.refresh')}
              onClick={reload}
            />
            {rules && (
              <Button
                look="primary"
                icon="plus"
                onClick={() => setOpen({ what: 'add' })}
              >
                {t('users.addShort')}
              </Button>
            )}
          </>
        }
      />
      {list.error && data && (
        <div className={css.notice}>
          <ProblemNotice error={list.error} onRetry={reload} />
        </div>
      )}
      <Card className={css.card} aria-busy={list.loading}>
        {data ? (
          <Listing
            list={data}
            busy={list.loading}
            sort={sort}
            onGo={go}
            onOpen={rules ? setOpen : undefined}
          />
        ) : list.error ? (
          <ProblemBlank error={list.error} onRetry={reload} />
        ) : (
          <UsersWaiting />
        )}
      </Card>
      {open?.what === 'delete' && (
        <DeleteUser
          user={open.user}
          onClose={close}
          onDeleted={() => {
            expectLoss();
            done();
          }}
        />
      )}
      {(open?.what === 'add' || open?.what === 'edit') && (
        <UserEditor
          id={open.what === 'edit' ? open.id : null}
          onClose={close}
          onSaved={done}
        />
      )}
    </>
  );
}

/* The button that deleted a row goes with it, and the focus would be nowhere:
 * the heading takes it once the new list is there. */
function useFocusRescue(data: unknown): () => void {
  const expected = useRef(false);

  useEffect(() => {
    if (!expected.current || document.activeElement !== document.body) return;
    expected.current = false;
    document.querySelector<HTMLElement>('main h1')?.focus();
  }, [data]);

  return () => {
    expected.current = true;
  };
}

interface ListingProps {
  list: Page<User>;
  busy: boolean;
  sort: string;
  onGo: (change: Partial<View>) => void;
  /** Absent: the reader may only look. */
  onOpen: ((open: Open) => void) | undefined;
}

function Listing({ list, busy, sort, onGo, onOpen }: ListingProps) {
  const i18n = useI18n();
  const { t } = i18n;
  const edit = onOpen && (({ id }: User) => onOpen({ what: 'edit', id }));

  if (list.totalItems === 0) {
    return (
      <Blank icon="users" title={t('users.none')}>
        <p>{t('users.noneText')}</p>
      </Blank>
    );
  }
  return (
    <>
      <SortBar sort={sort} onSort={(next) => onGo({ sort: next, page: 1 })} />
      <Table
        caption={t('users.title')}
        columns={userColumns(i18n, edit)}
        rows={list.items}
        rowKey={(user) => user.id}
        busy={busy}
        sort={sort}
        onSort={(next) => onGo({ sort: next, page: 1 })}
        actions={(user) =>
          onOpen && (
            <div className={css.actions}>
              <IconButton
                icon="pencil"
                label={t('users.editOne', { name: user.name })}
                onClick={() => onOpen({ what: 'edit', id: user.id })}
              />
              <IconButton
                danger
                icon="trash"
                label={t('users.deleteOne', { name: user.name })}
                onClick={() => onOpen({ what: 'delete', user })}
              />
            </div>
          )
        }
      />
      <Pager
        {...list}
        sizes={pageSizes}
        onPage={(page) => onGo({ page })}
        onPerPage={(perPage) => onGo({ perPage, page: 1 })}
      />
    </>
  );
}
