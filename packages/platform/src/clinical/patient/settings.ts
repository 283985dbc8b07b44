// Settings of the patient service.
import type { SettingSpecs } from '../../kernel/config.ts'

/** What can be set. */
export const patientSettings = {
  breakGlassMinutes: {
    env: 'BREAK_GLASS_MINUTES',
    kind: 'integer',
    fallback: 30,
    min: 1,
    max: 480,
    about: 'How long emergency access to what a patient withholds stays open',
  },
  breakGlassPerHour: {
    env: 'BREAK_GLASS_PER_HOUR',
    kind: 'integer',
    fallback: 10,
    min: 1,
    max: 1000,
    about: 'How often one person may break the glass in an hour',
  },
} as const satisfies SettingSpecs
