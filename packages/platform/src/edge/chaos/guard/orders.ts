// What an experiment may order from the guard: the process that does the harm and takes it back when its owner is gone.
import type { StressFault, TrafficFault } from '../definitions/experiment.ts'
import type { RegisteredInstance, RegistryAddress } from '../registrations/registrations.ts'

/** One order; the guard answers each. */
export type Order =
  /** Opens a proxy under a name; answered with its port. */
  | { readonly kind: 'open'; readonly name: string; readonly host: string; readonly port: number }
  | { readonly kind: 'close'; readonly name: string }
  /** Leads the callers of an instance to a proxy; nothing is taken back where the registry ends with the experiment. */
  | {
      readonly kind: 'lead'
      readonly registry: RegistryAddress
      readonly instance: RegisteredInstance
      readonly name: string
      readonly isForGood: boolean
    }
  | {
      readonly kind: 'harm'
      readonly id: string
      readonly names: readonly string[]
      readonly inbound: TrafficFault | undefined
      readonly outbound: TrafficFault | undefined
      /** Process ids of the clients that are met; every client when undefined (Linux only). */
      readonly clients: readonly number[] | undefined
    }
  | { readonly kind: 'heal'; readonly id: string }
  | { readonly kind: 'refuse'; readonly names: readonly string[]; readonly isRefusing: boolean }
  /** Stops processes (SIGSTOP), or lets them go on (SIGCONT). */
  | { readonly kind: 'freeze' | 'thaw'; readonly pids: readonly number[] }
  | { readonly kind: 'stress'; readonly id: string; readonly fault: StressFault }
  /** A folder that is removed when the owner is gone and these processes, and those named before, have ended. */
  | { readonly kind: 'clean'; readonly folder: string; readonly pids: readonly number[] }
  | { readonly kind: 'counts' }
  /** Takes everything back and ends. */
  | { readonly kind: 'end' }

/** An order with its number. */
export interface NumberedOrder {
  readonly number: number
  readonly order: Order
}

/** The answer to an order. */
export interface Answer {
  readonly number: number
  readonly result?: unknown
  readonly error?: string
}

/** What is left to take back, as it lies in the journal of a guard. */
export interface Journal {
  readonly pid: number
  readonly led: readonly { readonly registry: RegistryAddress; readonly instance: RegisteredInstance }[]
  readonly frozen: readonly number[]
}
