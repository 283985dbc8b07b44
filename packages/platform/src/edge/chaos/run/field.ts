// The system that an experiment is made on, as the experiment sees it: its instances, and what can be done to them.
import type { StressFault, TrafficFault } from '../definitions/experiment.ts'

/** A running instance of a service, or of an engine such as `postgres`. */
export interface FieldInstance {
  readonly id: string
  readonly service: string
  /** Name of the process it runs in, where that is known, e.g. `patient-1`. */
  readonly process: string | undefined
}

/** What happens to the traffic around some instances. */
export interface TrafficOrder {
  readonly id: string
  readonly instances: readonly FieldInstance[]
  /** What goes to them, and what comes from them. */
  readonly inbound: TrafficFault | undefined
  readonly outbound: TrafficFault | undefined
  /** The other side; every other side when undefined. */
  readonly peers: readonly FieldInstance[] | undefined
}

/** The field of an experiment. */
export interface Field {
  instances(): Promise<readonly FieldInstance[]>
  harm(order: TrafficOrder): Promise<void>
  heal(id: string): Promise<void>
  stress(id: string, fault: StressFault): Promise<void>
  /** Ends the processes of these instances: SIGTERM first when there is a grace, then SIGKILL. */
  kill(instances: readonly FieldInstance[], graceMs: number): Promise<void>
  /** Lets the processes of these instances stand still, refusing connections, or go on. */
  freeze(instances: readonly FieldInstance[]): Promise<void>
  thaw(instances: readonly FieldInstance[]): Promise<void>
  /** The address in place of a name of the cluster, e.g. `http://gateway:8080`. */
  resolve(url: URL): Promise<URL>
}
