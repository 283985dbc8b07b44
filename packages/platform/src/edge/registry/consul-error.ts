// Refusals in Consul's shape: a status and one line of plain text.

/** A refusal; the message is what the client reads. */
export class ConsulError extends Error {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message)
    this.name = 'ConsulError'
    this.status = status
    this.headers = headers
  }
}

/** A refusal of something the client can mend. */
export const badRequest = (message: string): ConsulError => new ConsulError(400, message)
