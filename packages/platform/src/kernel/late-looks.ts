// Which instances of a service are worth a request when looks at their health come late: a late look proves little, all late looks nothing.

/** An instance with what was seen of it. */
export interface Looked<Instance> {
  readonly instance: Instance
  readonly checks: readonly { readonly status: unknown; readonly output: unknown }[]
}

/** What a check says whose answer did not come in time. */
export const lateLook = (timeoutMs: number): string => `no answer within ${timeoutMs} ms`

// Ours, and what Consul writes of Go's HTTP client and dialer.
const late = /no answer within \d+ ms$|context deadline exceeded|Client\.Timeout|i\/o timeout/

/**
 * The instances without a critical check; when a service has none, those whose critical checks were all late. Nothing was
 * refused there and no wrong answer came: where every look is late, the machine that looks, or all of them, has too much to
 * do, and each service refuses by itself what it cannot do. One that is known to be away, or says that it is not ready, is
 * never handed out.
 */
export function worthTrying<Instance>(all: readonly Looked<Instance>[]): readonly Instance[] {
  const criticalOf = ({ checks }: Looked<Instance>) => checks.filter(({ status }) => status === 'critical')
  const well = all.filter((one) => criticalOf(one).length === 0)
  const chosen =
    well.length > 0
      ? well
      : all.filter((one) => criticalOf(one).every(({ output }) => typeof output === 'string' && late.test(output)))
  return chosen.map(({ instance }) => instance)
}
