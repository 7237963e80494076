/* SPDX-License-Identifier: MIT */
import { Suspense, useEffect, useRef, useState } from 'react';
import { cx } from '../ui/cx';
import { IconButton } from '../ui/Button';
import { Dialog } from '../ui/Dialog';
import { Icon, Mark } from '../ui/Icon';
import { Toasts } from '../ui/Toasts';
import { CrashGuard } from './CrashGuard';
import { useI18n } from './i18n';
import { Preferences } from './Preferences';
import { Link, usePlace } from './router';
import { routeOf, routes, type Route } from './routes';
import css from './Shell.module.css';
import { SignInDialog } from './SignInDialog';

/** What stands around every page. */
export function Shell() {
  const { t } = useI18n();
  const { path } = usePlace();
  const route = routeOf(path);
  const main = useRef<HTMLElement>(null);
  const Page = route.page;

  useArrival(route, main);
  return (
    <>
      <button
        type="button"
        className={css.skip}
        onClick={() => main.current?.focus()}
      >
        {t('app.skip')}
      </button>
      <div className={css.frame}>
        <aside className={css.side}>
          <Brand />
          <Nav current={route} className={css.sideNav} />
          <Preferences place="side" />
        </aside>
        <TopBar />
        <main ref={main} tabIndex={-1} className={css.main}>
          <CrashGuard key={path}>
            <Suspense fallback={<p aria-busy="true" />}>
              <Page />
            </Suspense>
          </CrashGuard>
        </main>
        <Nav current={route} className={css.tabs} />
      </div>
      <Toasts />
      <SignInDialog />
    </>
  );
}

/* A new page is announced: its name in the title, its heading in focus. */
function useArrival(route: Route, main: React.RefObject<HTMLElement | null>) {
  const { t } = useI18n();
  const title = t(route.title);
  const arrived = useRef<Route>(route);

  useEffect(() => {
    document.title = `${title} · ${t('app.name')}`;
  }, [title, t]);

  useEffect(() => {
    if (arrived.current === route) return;
    arrived.current = route;
    window.scrollTo(0, 0);
    main.current?.querySelector('h1')?.focus({ preventScroll: true });
  }, [route, main]);
}

function Brand() {
  const { t } = useI18n();

  return (
    <Link to="/" className={css.brand}>
      <Mark />
      {t('app.name')}
    </Link>
  );
}

interface NavProps {
  current: Route;
  className: string | undefined;
}

function Nav({ current, className }: NavProps) {
  const { t } = useI18n();

  return (
    <nav className={className} aria-label={t('nav.label')}>
      <ul>
        {routes.map((route) => (
          <li key={route.title}>
            <Link
              to={route.paths[0]}
              className={cx(css.link, route === current && css.here)}
              aria-current={route === current ? 'page' : undefined}
            >
              {route.icon && <Icon name={route.icon} />}
              <span>{t(route.title)}</span>
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}

/* On a phone the preferences are one press away. */
function TopBar() {
  const { t } = useI18n();
  const [open, setOpen] = useState(false);

  return (
    <>
      <header className={css.top}>
        <Brand />
        <IconButton
          icon="sliders"
          label={t('prefs.title')}
          onClick={() => setOpen(true)}
        />
      </header>
      {open && (
        <Dialog narrow title={t('prefs.title')} onClose={() => setOpen(false)}>
          <Preferences place="sheet" />
        </Dialog>
      )}
    </>
  );
}
