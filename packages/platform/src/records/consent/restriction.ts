// What a Consent withholds, as flat conditions that SQL can ask: the words that compiling, storing and asking share.

/** A condition on an access; what is undefined is not asked. All that is given must hold, of each list one. */
export interface Condition {
  /** Who asks: references such as `Practitioner/dr-chen`, and roles as `role:pharmacist`. */
  readonly identities?: readonly string[]
  /** Codes of PurposeOfUse (http://terminology.hl7.org/CodeSystem/v3-ActReason). */
  readonly purposes?: readonly string[]
  /** Resource types. */
  readonly types?: readonly string[]
  /** Single records as `Type/id`. */
  readonly records?: readonly string[]
  /** Hashes of security labels, of which the record has one. */
  readonly labels?: readonly number[]
  /** Time of the access [fromMs, untilMs) in ms since 1970. */
  readonly fromMs?: number
  readonly untilMs?: number
}

/** Withholds what meets the condition, unless it meets one of the exceptions. */
export interface Restriction extends Condition {
  readonly exceptions: readonly Condition[]
}

/** Withholds everything: what a Consent that cannot be understood comes to. */
export const everything: Restriction = Object.freeze({ exceptions: [] })

/**
 * Types that no Consent withholds: without the Patient nobody could be told that something is withheld, without the
 * Consent nobody could honour it, and the trail is for those who watch over both.
 */
export const neverWithheld: readonly string[] = Object.freeze(['Patient', 'Consent', 'AuditEvent'])

/** How an identity is written that stands for all who have a role. */
export const roleIdentity = (role: string): string => `role:${role}`
