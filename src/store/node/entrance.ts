/** Who may call? Basic authentication with one user, checked in constant time; without a user everybody may. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Metadata } from '@grpc/grpc-js';

export interface NodeUser {
  readonly name: string;
  readonly password: string;
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** True when the call's `authorization` names the user and its password. */
export const entranceOf = (user: NodeUser | undefined): ((metadata: Metadata) => boolean) => {
  if (user === undefined) return () => true;
  const wanted = digest(`${user.name}:${user.password}`);
  return (metadata) => {
    const [, given = ''] = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(metadata.get('authorization').join('')) ?? [];
    return timingSafeEqual(digest(Buffer.from(given, 'base64').toString('utf8')), wanted);
  };
};
