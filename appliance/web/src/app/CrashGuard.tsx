/* SPDX-License-Identifier: MIT */
import { Component, type ReactNode } from 'react';
import { Blank } from '../ui/Blank';
import { Button } from '../ui/Button';
import { useI18n } from './i18n';

interface Props {
  children: ReactNode;
}

/** A mistake of ours in one page must not take the rest down. */
export class CrashGuard extends Component<Props, { crashed: boolean }> {
  override state = { crashed: false };

  static getDerivedStateFromError() {
    return { crashed: true };
  }

  override render() {
    return this.state.crashed ? <Crashed /> : this.props.children;
  }
}

function Crashed() {
  const { t } = useI18n();

  return (
    <Blank
      page
      icon="alert"
      title={t('app.crashed')}
      actions={
        <Button
          look="primary"
          icon="refresh"
          onClick={() => window.location.reload()}
        >
          {t('app.reload')}
        </Button>
      }
    >
      <p>{t('app.crashedText')}</p>
    </Blank>
  );
}
