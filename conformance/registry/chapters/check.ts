// What a check is, and the names it may use: its own, so that a registry in use is not disturbed.
import type { RegistryClient } from '../registry-client.ts'

/** One check of a registry. */
export interface RegistryCheck {
  readonly title: string
  readonly run: (client: RegistryClient) => Promise<void>
}

/** A name that nobody else uses. */
export const freshName = (kind: string): string => `conformance-${kind}-${crypto.randomUUID().slice(0, 13)}`

/** An entry of /v1/health/service. */
export interface HealthEntry {
  readonly Node: { readonly Node: string; readonly Address: string }
  readonly Service: {
    readonly ID: string
    readonly Service: string
    readonly Address: string
    readonly Port: number
    readonly Tags: readonly string[]
    readonly Meta: Readonly<Record<string, string>>
    readonly CreateIndex: number
    readonly ModifyIndex: number
  }
  readonly Checks: readonly HealthCheck[]
}

/** A check as the registry shows it. */
export interface HealthCheck {
  readonly CheckID: string
  readonly Name: string
  readonly Status: string
  readonly Output: string
  readonly ServiceID: string
  readonly Type: string
}

/** A key as the registry shows it. */
export interface KeyEntry {
  readonly Key: string
  readonly Value: string | null
  readonly Flags: number
  readonly LockIndex: number
  readonly Session?: string
  readonly CreateIndex: number
  readonly ModifyIndex: number
}
