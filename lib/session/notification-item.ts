import { flag, type Item, type ItemReader, number } from './item-attributes.ts';
import type { Notification, Reply } from './session.ts';

const tokenBytes = 16;

/**
 * The attributes of a notification. From STORED on only, and none of them where there is no reply application. A reply URL
 * of the application's own may have 2,200 characters: the one thing that makes an item longer than 1 KB, for the two or
 * three writes that follow the last fragment.
 */
export const notificationItem = (notification: Notification | undefined): Item => {
  if (notification === undefined) return {};
  const common = { notified: { S: notification.is }, endsAt: number(notification.endsAtSeconds) };
  switch (notification.is) {
    case 'due':
      return { ...common, ...tokenItem(notification.token) };
    case 'sent':
      return {
        ...common,
        ...tokenItem(notification.token),
        notifyUntil: number(notification.leaseUntilMs),
      };
    case 'answered':
      return {
        ...common,
        ...('token' in notification.reply
          ? tokenItem(notification.reply.token)
          : { replyUrl: { S: notification.reply.url } }),
        ...flag('publish', notification.publish),
      };
    case 'failed':
      return {
        ...common,
        appStatus: number(notification.status),
        appError: number(notification.hresult),
      };
  }
};

const tokenItem = (token: string): Item => ({ reply: { B: Buffer.from(token, 'hex') } });

/** @throws StoreError CORRUPT */
export const readNotification = (read: ItemReader): Notification | undefined => {
  if (!read.has('notified')) return undefined;
  const is = read.oneOf('notified', ['due', 'sent', 'answered', 'failed']);
  const common = { endsAtSeconds: read.number('endsAt') };
  switch (is) {
    case 'due':
      return { ...common, is, token: read.hex('reply', tokenBytes) };
    case 'sent':
      return {
        ...common,
        is,
        token: read.hex('reply', tokenBytes),
        leaseUntilMs: read.number('notifyUntil'),
      };
    case 'answered':
      return { ...common, is, reply: readReply(read), publish: read.flag('publish') };
    case 'failed':
      return { ...common, is, status: read.number('appStatus'), hresult: read.number('appError') };
  }
};

const readReply = (read: ItemReader): Reply =>
  read.has('replyUrl') ? { url: read.string('replyUrl') } : { token: read.hex('reply', tokenBytes) };
