/* SPDX-License-Identifier: MIT */
import type { ApiError, Trouble } from '../api/errors';
import type { I18n } from '../app/i18n';
import type { IconName } from '../ui/Icon';

/* For these the server knows better than we do what is wrong. */
const serverKnows: readonly Trouble[] = ['invalid', 'tooMany', 'unexpected'];

export interface Description {
  icon: IconName;
  title: string;
  text: string;
}

function iconOf(trouble: Trouble): IconName {
  switch (trouble) {
    case 'offline':
    case 'unreachable':
      return 'unplugged';
    case 'unauthorized':
    case 'forbidden':
      return 'lock';
    case 'notFound':
      return 'compass';
    case 'timeout':
    case 'tooMany':
      return 'clock';
    default:
      return 'alert';
  }
}

/** An error in words that say what the reader can do. */
export function describe(error: ApiError, { t, format }: I18n): Description {
  const own = t(`trouble.${error.trouble}Text`);
  const text =
    error.said && serverKnows.includes(error.trouble) ? error.said : own;
  const wait =
    error.retryAfterSeconds === null
      ? ''
      : ' ' +
        t('trouble.wait', { time: format.duration(error.retryAfterSeconds) });

  return {
    icon: iconOf(error.trouble),
    title: t(`trouble.${error.trouble}`),
    text: text + wait,
  };
}
