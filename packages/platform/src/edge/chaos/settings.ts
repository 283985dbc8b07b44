// The settings of chaos.
import type { SettingSpecs } from '../../kernel/config.ts'

/** What can be set. */
export const chaosSettings = {
  isEnabled: {
    env: 'CHAOS',
    kind: 'boolean',
    fallback: false,
    about:
      'Whether operators may start experiments on this very system over HTTP; `xinglin chaos run` makes a system of its own',
  },
} as const satisfies SettingSpecs
