// The identity service's settings.
import type { SettingSpecs } from '../../kernel/config.ts'

/** What can be set at the identity service. */
export const identitySettings = {
  accessTokenSeconds: {
    env: 'IDENTITY_ACCESS_TOKEN_SECONDS',
    kind: 'integer',
    fallback: 300,
    min: 30,
    max: 3600,
    about: 'How long an access token of an app is valid; a new one comes by the refresh token',
  },
  refreshTokenDays: {
    env: 'IDENTITY_REFRESH_TOKEN_DAYS',
    kind: 'integer',
    fallback: 30,
    min: 1,
    max: 365,
    about: 'How long an app with offline_access may stay away before the person must sign in again',
  },
  sessionHours: {
    env: 'IDENTITY_SESSION_HOURS',
    kind: 'integer',
    fallback: 8,
    min: 1,
    max: 24,
    about: 'How long a person who signed in may launch further apps without the password',
  },
  keyDays: {
    env: 'IDENTITY_KEY_DAYS',
    kind: 'integer',
    fallback: 90,
    min: 2,
    max: 3650,
    about: 'Age at which a signing key is followed by the next one; that one is published a day before it signs',
  },
} as const satisfies SettingSpecs
